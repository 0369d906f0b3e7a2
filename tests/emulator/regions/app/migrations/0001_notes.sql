create table notes (name text); insert into notes values ('first');
