"""Draft variables: what an editor's debug runs and single steps left behind, to look at, change and run on with."""
