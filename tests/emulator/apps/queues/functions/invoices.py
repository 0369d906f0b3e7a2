def pay(event, context):
    (invoice,) = event
    if invoice["total"] > 1_000_000:
        raise ValueError(f"{invoice['invoice']} is too much")
    return invoice["invoice"]
