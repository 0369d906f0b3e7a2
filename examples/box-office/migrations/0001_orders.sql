create table orders (
    id text primary key,
    show_id text not null,
    customer text not null,
    email text not null,
    amount integer not null, -- in cents
    status text not null default 'unpaid' check (status in ('unpaid', 'paid', 'cancelled')),
    created_at timestamptz not null default now()
);

create index orders_by_customer on orders (customer, created_at);
create index unpaid_orders on orders (created_at) where status = 'unpaid';
