"""An assessment or an explanation as a document of plain data, and its renderings: JSON, terminal, HTML."""
