from sundog_runtime import resources


def test_the_digest_counts_notes_of_the_last_day(fresh_sundog_app):
    for number, (user, created) in enumerate(
        [
            ("ada", "2026-11-23T08:00:00.000+00:00"),
            ("ada", "2026-11-22T10:00:00.000+00:00"),
            ("ada", "2026-11-22T08:00:00.000+00:00"),
            ("bob", "2026-11-23T08:59:59.000+00:00"),
        ]
    ):
        note = {"userId": user, "noteId": str(number), "createdAt": created}
        resources.notes.table.put_item(Item=note)
    mark = fresh_sundog_app.mark()

    result = fresh_sundog_app.invoke("digest", fresh_sundog_app.saved_event("daily-digest"))

    assert result == {"users": 2, "notes": 3}
    (ran,) = fresh_sundog_app.invocations("digest", since=mark)
    assert ran.logs == ["digest for ada: 2 new notes", "digest for bob: 1 new notes"]


def test_the_schedule_runs_it(api, note, sundog_app):
    assert sundog_app.run_schedule("digest") == {"users": 1, "notes": 1}
