"""Very many labelled points: cells of many sizes round them."""
