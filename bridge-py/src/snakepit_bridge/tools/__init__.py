"""Tools: what the decorator attaches, and what is known of a tool before it runs."""
