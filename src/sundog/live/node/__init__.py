"""Node functions: esbuild's incremental builds, and workers that run our own runtime client."""
