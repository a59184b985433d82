/** A walk in words: what it is, what it came from, what it led to, and whether it feeds on itself. */
import type { Lineage, Node, NodeKind } from "../../api";
import { plural, sentenceCase } from "../../words";
import { joined } from "../runs/said";

export const KINDS: Record<NodeKind, string> = {
  dataset: "dataset",
  run: "run",
  model: "model version",
  predictions: "answers",
  labels: "labels",
};

export const titleOf = ({ nodes }: Lineage, ref: string): string => nodes.find((node) => node.ref === ref)?.title ?? ref;

/** A title without what the word over it says. */
export const shortTitle = ({ kind, title }: Node): string =>
  kind === "model" ? title : title.replace(/^(?:dataset|run|what|labels of) /, "").replace(/,? answered$/, "");

/** A title at the beginning of a sentence; the name of a model stays as it is. */
const opening = (found: Lineage, ref: string): string => (ref.startsWith("model:") ? titleOf(found, ref) : sentenceCase(titleOf(found, ref)));

/** `2 datasets, 1 run and 3 answers`. */
function kindsOf(nodes: Node[]): string {
  const words: Record<NodeKind, [string, string]> = {
    dataset: ["dataset", "datasets"],
    run: ["run", "runs"],
    model: ["model version", "model versions"],
    predictions: ["set of answers", "sets of answers"],
    labels: ["set of labels", "sets of labels"],
  };
  const kinds = Object.keys(words) as NodeKind[];
  return joined(
    kinds.flatMap((kind) => {
      const many = nodes.filter((node) => node.kind === kind).length;
      return many === 0 ? [] : [plural(many, ...words[kind])];
    }),
  );
}

/** Each loop as one sentence. */
export const loopsOf = (found: Lineage): string[] =>
  found.loops.map(([answered = "", trained = ""]) => {
    const what = titleOf(found, answered).replace(/^what (.*?),? answered$/, "what $1 answered");
    return `${opening(found, trained)} was trained on data that come from ${what}.`;
  });

/** How many things it came from, and to how many it led. */
export function reachOf(found: Lineage): string {
  const before = found.nodes.filter(({ depth }) => depth < 0);
  const after = found.nodes.filter(({ depth }) => depth > 0);
  const from = before.length === 0 ? "came from nothing that is known" : `came from ${kindsOf(before)}`;
  const led = after.length === 0 ? "led to nothing yet" : `led to ${kindsOf(after)}`;
  return `${opening(found, found.of)} ${from}, and ${led}.`;
}

/** The name of a reference, and what stands after the @ of it. */
export function partsOf(ref: string): { kind: string; name: string; part: string } {
  const colon = ref.indexOf(":");
  const rest = ref.slice(colon + 1);
  const at = rest.lastIndexOf("@");
  return { kind: ref.slice(0, colon), name: at < 0 ? rest : rest.slice(0, at), part: at < 0 ? "" : rest.slice(at + 1) };
}
