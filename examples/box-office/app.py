"""The box office of a concert hall, from the programme to the doors."""

from sundog import App

from stacks.customers import customers
from stacks.doors import doors
from stacks.notices import notices
from stacks.office import office
from stacks.orders import orders
from stacks.programme import programme
from stacks.seats import seats
from stacks.shop import shop
from stacks.website import website

app = App()

# Each takes what it needs from those above it, with `stack.use`.
for stack in (programme, notices, customers, seats, orders, shop, doors, office, website):
    app.stack(stack)

app.synth()
