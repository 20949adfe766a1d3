"""How an answer looks: documents, and their forms as table, JSON, CSV and Markdown."""
