create table tickets (
    code text primary key,
    order_id text not null references orders (id) on delete cascade,
    show_id text not null,
    seat text not null,
    admitted_at timestamptz,
    unique (show_id, seat)
);

create index tickets_of_order on tickets (order_id);
