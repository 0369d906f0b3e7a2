"""Breakpoints: one port for editors, behind it the debuggers of all workers.

`debugger.py` is the whole; its parts:

- `port.py` takes editors' connections and tells the Debug Adapter Protocol from the inspector's WebSockets;
- `adapter.py` starts debugpy's adapter, `anchor.py` is the process that editors attach to first, `dap_relay.py` looks at
  what passes between editor and adapter, and `prelude.py` runs in Python workers before the handler is imported;
- `inspector_hub.py` shows every Node worker to the editor as a thread of one Node process;
- `clock.py` stops the timeout of an invocation while its worker is paused;
- `launch_json.py` returns what `.vscode/` needs.
"""
