"""The interface for programs: the same recordings, limits and errors as the pages, without a browser."""
