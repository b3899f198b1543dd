/** The graph, drawn and pannable. Holds no run state itself: each node and edge looks up its own. */
import "@xyflow/react/dist/base.css";
import "./canvas.css";
import {
  Background,
  BackgroundVariant,
  type Edge,
  type Node,
  Position,
  ReactFlow,
  ReactFlowProvider,
  type ReactFlowState,
  useReactFlow,
  useStore,
} from "@xyflow/react";
import { LocateFixed, Maximize, Minus, Plus, Workflow } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { layOut, needsLayout } from "@/graph/layout";
import { connectedTo, type Graph, isContainer, isEntry } from "@/graph/model";
import { shiftToReveal } from "@/graph/reveal";
import type { RunState } from "@/graph/run";
import { takenEdges } from "@/graph/taken";
import { IconButton } from "@/ui/IconButton";
import { type CanvasNode, ContainerCard, EntryCard, NodeCard, NoteCard } from "./NodeCard";
import { RunContext } from "./runContext";

const nodeTypes = { step: NodeCard, container: ContainerCard, entry: EntryCard, note: NoteCard };

/** All nodes, never larger than life. */
const WHOLE = { padding: 0.1, maxZoom: 1 };

/** From here words are too small to read, and painting them is most of the work of a frame. */
const isFar = ({ transform }: ReactFlowState): boolean => transform[2] < 0.3;

interface CanvasProps {
  graph: Graph;
  run: RunState;
  selected?: string | undefined;
  onSelect: (nodeId: string | undefined) => void;
}

export function Canvas(props: CanvasProps) {
  return (
    <ReactFlowProvider>
      <Flow {...props} />
    </ReactFlowProvider>
  );
}

function Flow({ graph: given, run, selected, onSelect }: CanvasProps) {
  const { t } = useTranslation("build");
  const [tidy, setTidy] = useState<{ from: Graph; graph: Graph }>();
  const flow = useReactFlow();
  const far = useStore(isFar);
  const fitted = useRef(false);
  const graph = tidy?.from === given ? tidy.graph : given;
  useEffect(() => {
    let stale = false;
    if (needsLayout(given))
      void layOut(given).then((placed) => !stale && setTidy({ from: given, graph: placed }));
    return () => {
      stale = true;
    };
  }, [given]);
  useEffect(() => {
    if (tidy && fitted.current) void flow.fitView({ ...WHOLE, duration: 150 });
  }, [tidy, flow]);

  const width = useStore((store) => store.width);
  const height = useStore((store) => store.height);
  useEffect(() => {
    // The panel of the chosen node takes a part of the canvas, perhaps the one where the node is.
    const node = selected && fitted.current ? flow.getInternalNode(selected) : undefined;
    if (!node) return;
    const { x, y, zoom } = flow.getViewport();
    const { positionAbsolute: at } = node.internals;
    const span = (from: number, size = 0) => ({ from, to: from + size * zoom });
    const right = shiftToReveal(span(at.x * zoom + x, node.measured.width), width);
    const down = shiftToReveal(span(at.y * zoom + y, node.measured.height), height);
    if (right || down)
      void flow.setViewport({ x: x + right, y: y + down, zoom }, { duration: 150 });
  }, [selected, width, height, flow]);

  const near = useMemo(() => (selected ? connectedTo(graph, selected) : null), [graph, selected]);
  const taken = useMemo(() => takenEdges(graph, run), [graph, run]);
  const nodes = useMemo(() => graph.nodes.map((node) => canvasNode(node)), [graph]);
  const shown = useMemo(
    () =>
      nodes.map((node) =>
        node.id === selected || (near && !near.has(node.id))
          ? {
              ...node,
              selected: node.id === selected,
              className: near && !near.has(node.id) ? "dim" : "",
            }
          : node,
      ),
    [nodes, near, selected],
  );
  const edges = useMemo(
    () =>
      graph.edges.map(
        ({ id, source, target, handle }): Edge => ({
          id,
          source,
          target,
          sourceHandle: handle,
          targetHandle: "target",
          focusable: false,
          className: taken.has(id)
            ? "taken"
            : near && !(source === selected || target === selected)
              ? "dim"
              : "",
        }),
      ),
    [graph, taken, near, selected],
  );
  const organize = () =>
    void layOut(given).then((placed) => setTidy({ from: given, graph: placed }));

  return (
    <RunContext value={run}>
      <ReactFlow
        className={far ? "far" : ""}
        nodes={shown}
        edges={edges}
        nodeTypes={nodeTypes}
        onlyRenderVisibleElements
        nodesDraggable={false}
        nodesConnectable={false}
        edgesFocusable={false}
        elementsSelectable
        minZoom={0.1}
        maxZoom={2}
        onInit={(instance) => {
          // Not by the `fitView` property: that one waits for a node on the screen, and there may be none.
          fitted.current = true;
          void instance.fitView(WHOLE);
        }}
        onNodeClick={(_, node) => node.type !== "note" && onSelect(node.id)}
        onPaneClick={() => onSelect(undefined)}
        onNodesChange={(changes) => {
          // Enter and Space on a focused node arrive as a selection.
          for (const change of changes)
            if (change.type === "select" && change.selected && change.id !== selected)
              onSelect(change.id);
        }}
        proOptions={{ hideAttribution: true }}
        aria-label={t("canvas")}
      >
        <Background variant={BackgroundVariant.Dots} gap={16} size={1} color="var(--line-strong)" />
        <div
          role="toolbar"
          aria-label={t("view")}
          className="absolute bottom-3 left-3 z-10 flex rounded-control border border-line bg-surface"
        >
          <IconButton
            label={t("zoomOut")}
            icon={<Minus size={14} />}
            onClick={() => void flow.zoomOut()}
          />
          <IconButton
            label={t("zoomIn")}
            icon={<Plus size={14} />}
            onClick={() => void flow.zoomIn()}
          />
          <IconButton
            label={t("fit")}
            icon={<Maximize size={14} />}
            onClick={() => void flow.fitView({ ...WHOLE, duration: 150 })}
          />
          <IconButton
            label={t("toSelected")}
            icon={<LocateFixed size={14} />}
            disabled={!selected}
            onClick={() =>
              void flow.fitView({
                nodes: selected ? [{ id: selected }] : [],
                maxZoom: 1,
                duration: 150,
              })
            }
          />
          <IconButton label={t("organize")} icon={<Workflow size={14} />} onClick={organize} />
        </div>
      </ReactFlow>
    </RunContext>
  );
}

/** Handles are given beforehand, so that edges to nodes off the screen need no measuring. */
function canvasNode(node: Graph["nodes"][number]): CanvasNode {
  const { id, type, title, data, position, width, height, branches, parentId } = node;
  const kind = isContainer(type)
    ? "container"
    : isEntry(type)
      ? "entry"
      : type === "note"
        ? "note"
        : "step";
  const middle = kind === "step" ? 30 : height / 2;
  const spot = { width: 1, height: 1 };
  const handles: Node["handles"] = [
    { id: "target", type: "target", position: Position.Left, x: 0, y: middle, ...spot },
    ...branches.map(({ handle, label }, at) => ({
      id: handle,
      type: "source" as const,
      position: Position.Right,
      x: width,
      y: label === null ? middle : 60 + at * 24 + 12,
      ...spot,
    })),
  ];
  return {
    id,
    type: kind,
    position,
    width,
    height,
    // Known beforehand, so that all can be shown before those off the screen were ever drawn.
    measured: { width, height },
    handles,
    ...(parentId ? { parentId } : {}),
    zIndex: kind === "container" ? -1 : 0,
    data: { type, title, settings: data, branches },
    ariaLabel: title,
    focusable: kind !== "note",
  };
}
