-- Semicolons in texts and comments end nothing; nor here.
create table users (id serial primary key, name text not null, settings jsonb, tags text[]);
insert into users (name, settings) values ('ada; countess', '{"theme": "dark"}');

create function greeting(name text) returns text language plpgsql as $body$
begin
    return 'hello ' || name;
end;
$body$;
