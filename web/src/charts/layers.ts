/**
 * Where the nodes of a graph stand in columns, in the way of Sugiyama, Tagawa and Toda (1981):
 * every edge leads to the right where no loop forbids it, long edges keep a place of their own in
 * the columns they cross, and the barycentre heuristic orders each column so that few edges cross.
 */

export interface Joined {
  before: string;
  after: string;
}

/** What stands in a column: a node, or the bend of an edge that only passes. */
export interface Item {
  ref: string;
  bend: boolean;
}

export interface Layers {
  /** From left to right, each from the top. */
  columns: Item[][];
  /** For each edge, in their order, what it leads through: first and last are its ends. */
  ways: string[][];
}

const SWEEPS = 12;

type Next = ReadonlyMap<string, string[]>;

function nextTo(edges: Joined[], here: keyof Joined, there: keyof Joined): Next {
  const found = new Map<string, string[]>();
  for (const edge of edges) found.set(edge[here], [...(found.get(edge[here]) ?? []), edge[there]]);
  return found;
}

/** The most edges on a way from each node to where `next` ends; what leads back into a way is left out. */
function longest(refs: string[], next: Next): Map<string, number> {
  const known = new Map<string, number>();
  const under = new Set<string>();
  const visit = (ref: string): number => {
    const before = known.get(ref);
    if (before !== undefined) return before;
    under.add(ref);
    const far = (next.get(ref) ?? []).filter((other) => !under.has(other)).map((other) => 1 + visit(other));
    under.delete(ref);
    const most = Math.max(0, ...far);
    known.set(ref, most);
    return most;
  };
  for (const ref of refs) visit(ref);
  return known;
}

/** The column of each node: before `centre` as far as the longest way to it, after it likewise. */
function columnsOf(nodes: { ref: string; depth: number }[], edges: Joined[], centre: string): Map<string, number> {
  const side = (sign: number): Map<string, number> => {
    const refs = nodes.filter(({ ref, depth }) => ref === centre || Math.sign(depth) === sign).map(({ ref }) => ref);
    const inside = new Set(refs);
    const own = edges.filter(({ before, after }) => inside.has(before) && inside.has(after) && (sign < 0 ? before : after) !== centre);
    return longest(refs, sign < 0 ? nextTo(own, "before", "after") : nextTo(own, "after", "before"));
  };
  const [back, forth] = [side(-1), side(1)];
  return new Map(nodes.map(({ ref, depth }) => [ref, ref === centre ? 0 : depth < 0 ? -(back.get(ref) ?? 0) : (forth.get(ref) ?? 0)]));
}

const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Order one column after another by the mean place of what each item is joined to. */
function sweep(columns: Item[][], near: Next, forward: boolean): Item[][] {
  const place = new Map<string, number>();
  const sorted = [...columns];
  for (const turn of columns.keys()) {
    const at = forward ? turn : columns.length - 1 - turn;
    const column = sorted[at] ?? [];
    const wish = new Map(
      column.map(({ ref }, index) => {
        const beside = (near.get(ref) ?? []).flatMap((other) => place.get(other) ?? []);
        return [ref, beside.length === 0 ? (index + 0.5) / column.length : mean(beside)];
      }),
    );
    const next = column.toSorted((one, other) => (wish.get(one.ref) ?? 0) - (wish.get(other.ref) ?? 0));
    sorted[at] = next;
    // From 0 to 1, so that long columns and short ones can be compared.
    for (const [index, { ref }] of next.entries()) place.set(ref, (index + 0.5) / next.length);
  }
  return sorted;
}

export function layers(nodes: { ref: string; depth: number }[], edges: Joined[], centre: string): Layers {
  const column = columnsOf(nodes, edges, centre);
  const first = Math.min(...column.values());
  let columns: Item[][] = Array.from({ length: Math.max(...column.values()) - first + 1 }, () => []);
  for (const { ref } of nodes) columns[(column.get(ref) ?? 0) - first]?.push({ ref, bend: false });
  const ways = edges.map(({ before, after }) => {
    const [from, until] = [column.get(before) ?? 0, column.get(after) ?? 0];
    const bends = Array.from({ length: Math.max(until - from - 1, 0) }, (_, at) => {
      const ref = `${before}\n${after}\n${at}`;
      columns[from + 1 + at - first]?.push({ ref, bend: true });
      return ref;
    });
    return [before, ...bends, after];
  });
  const near = new Map<string, string[]>();
  const join = (one: string, other: string): void => void near.set(one, [...(near.get(one) ?? []), other]);
  for (const way of ways) {
    for (const [at, ref] of way.slice(1).entries()) {
      join(way[at] ?? "", ref);
      join(ref, way[at] ?? "");
    }
  }
  for (let turn = 0; turn < SWEEPS; turn += 1) columns = sweep(columns, near, turn % 2 === 0);
  return { columns, ways };
}
