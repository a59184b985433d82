/** The drop of a report, taken apart into the steps of a waterfall. */
import type { Finding, WhyReport } from "../../api";
import type { Step } from "../../charts/waterfall";

export interface Part {
  key: string;
  name: string;
  finding: Finding | null;
  points: number;
  step: Step;
  /** What it means, where it is no finding. */
  says: string;
}

/** From the whole drop down to nothing; the parts add up. */
export function partsOf(report: WhyReport): { drop: number; parts: Part[] } {
  const { findings, unexplained, closure } = report;
  const drop = findings.reduce((sum, one) => sum + one.points, 0) + unexplained + closure;
  let left = drop;
  const parts: Part[] = findings.map((finding, at) => {
    const from = left;
    left -= finding.points;
    return {
      key: `${at} ${finding.cause}`,
      name: finding.cause,
      finding,
      points: finding.points,
      says: "",
      step: { from, to: left, interval: finding.interval, look: finding.points < 0 ? "better" : "cause" },
    };
  });
  const rest: [string, number, string][] = [
    ["unexplained", unexplained, "what no cause covers"],
    ["closure", closure, "what changed weights leave, so that the sum is exact"],
  ];
  for (const [name, points, says] of rest) {
    const from = left;
    left -= points;
    parts.push({ key: name, name, finding: null, points, says, step: { from, to: left, interval: null, look: "rest" } });
  }
  return { drop, parts };
}
