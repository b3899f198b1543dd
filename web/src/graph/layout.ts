/** Places nodes from left to right where a file has no usable positions. */
import type { Graph, GraphNode } from "./model";

const GAP_X = 64;
const GAP_Y = 40;
/** Room for a container's own heading above its children. */
const CONTAINER_PAD = 64;

/** True when most nodes lie on one another, as in files written by hand. */
export function needsLayout({ nodes }: Graph): boolean {
  const free = nodes.filter(({ parentId, type }) => !parentId && type !== "note");
  if (free.length < 2) return false;
  const places = new Set(
    free.map(({ position }) => `${Math.round(position.x / 20)},${Math.round(position.y / 20)}`),
  );
  return places.size <= free.length / 2;
}

/** The same graph with new positions; containers are sized to hold their children. */
export async function layOut(graph: Graph): Promise<Graph> {
  // Only here, because few graphs need it.
  const dagre = await import("@dagrejs/dagre");
  const placed = new Map(graph.nodes.map((node) => [node.id, { ...node }]));

  const arrange = (
    parent: string | undefined,
    origin: { x: number; y: number },
  ): { width: number; height: number } => {
    const members = [...placed.values()].filter(
      (node) => node.parentId === parent && node.type !== "note",
    );
    for (const node of members)
      if (graph.nodes.some(({ parentId }) => parentId === node.id)) {
        const inner = arrange(node.id, { x: 24, y: CONTAINER_PAD });
        node.width = Math.max(240, inner.width + 48);
        node.height = Math.max(120, inner.height + CONTAINER_PAD + 24);
      }
    const plan = new dagre.graphlib.Graph();
    plan.setGraph({ rankdir: "LR", nodesep: GAP_Y, ranksep: GAP_X });
    plan.setDefaultEdgeLabel(() => ({}));
    for (const node of members) plan.setNode(node.id, { width: node.width, height: node.height });
    const here = new Set(members.map(({ id }) => id));
    for (const { source, target } of graph.edges)
      if (here.has(source) && here.has(target)) plan.setEdge(source, target);
    dagre.layout(plan);
    let width = 0;
    let height = 0;
    for (const node of members) {
      const { x, y } = plan.node(node.id) as { x: number; y: number };
      node.position = { x: origin.x + x - node.width / 2, y: origin.y + y - node.height / 2 };
      width = Math.max(width, x + node.width / 2);
      height = Math.max(height, y + node.height / 2);
    }
    return { width, height };
  };
  arrange(undefined, { x: 80, y: 80 });
  const nodes: GraphNode[] = graph.nodes.map((node) => placed.get(node.id) ?? node);
  return { nodes, edges: graph.edges };
}
