"""The index in the product's database: vectors and terms as rows, scored exactly over a copy in memory."""
