from functions import digest


def test_the_digest_counts_notes_of_the_last_day(store, saved_event, capsys):
    for number, (user, created) in enumerate(
        [
            ("ada", "2026-11-23T08:00:00.000+00:00"),
            ("ada", "2026-11-22T10:00:00.000+00:00"),
            ("ada", "2026-11-22T08:00:00.000+00:00"),
            ("bob", "2026-11-23T08:59:59.000+00:00"),
        ]
    ):
        store.put({"userId": user, "noteId": str(number), "createdAt": created})

    result = digest.run(saved_event("daily-digest"), None)

    assert result == {"users": 2, "notes": 3}
    assert capsys.readouterr().out == "digest for ada: 2 new notes\ndigest for bob: 1 new notes\n"


def test_a_day_without_notes(store, saved_event):
    assert digest.run(saved_event("daily-digest"), None) == {"users": 0, "notes": 0}
