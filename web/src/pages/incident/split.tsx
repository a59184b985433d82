/** Where the points went: a waterfall whose rows are the findings, with intervals and evidence. */
import { type ReactElement, useMemo } from "react";
import { Link } from "react-router";

import type { WhyReport } from "../../api";
import { rangeOf, type Step, WaterfallBar } from "../../charts/waterfall";
import { to } from "../../data/paths";
import { causeMeans, describe, isPart, isShare, metricName, percent, print, reach, signed } from "../../words";
import { type Part, partsOf } from "./parts";

interface Props {
  model: string;
  metric: string;
  report: WhyReport;
}

function What({ model, metric, part }: { model: string; metric: string; part: Part }): ReactElement {
  const { finding } = part;
  if (finding === null) {
    return (
      <>
        {part.name} <span className="soft">· {part.says}</span>
      </>
    );
  }
  const [column] = Object.keys(finding.slice);
  return (
    <>
      {isPart(finding.slice) && column !== undefined ? (
        <Link to={to.column(model, column)}>{describe(finding.slice)}</Link>
      ) : (
        "all rows"
      )}{" "}
      <span className="soft" title={causeMeans(finding.cause)}>
        · {finding.cause}
      </span>
      <p className="small soft narrow-only">95 % interval {reach(metric, finding.interval)}</p>
      <ul className="evidence">
        {finding.evidence.map((line) => (
          <li key={line}>{print(line)}</li>
        ))}
      </ul>
    </>
  );
}

export function Split({ model, metric, report }: Props): ReactElement {
  const { drop, parts } = useMemo(() => partsOf(report), [report]);
  const whole: Step = { from: 0, to: drop, interval: null, look: "drop" };
  const range = rangeOf([whole, ...parts.map((part) => part.step)]);
  const unit = isShare(metric) ? "Points" : `Points of ${metricName(metric)}`;
  return (
    <table className="waterfall">
      <thead>
        <tr>
          <th scope="col" className="num">
            {unit}
          </th>
          <th scope="col" className="bar">
            <span className="hidden">As a bar</span>
          </th>
          <th scope="col" className="num narrow-off">
            95 % interval
          </th>
          <th scope="col" className="num narrow-off">
            Share
          </th>
          <th scope="col">Where, and what</th>
        </tr>
      </thead>
      <tbody>
        <tr className="row sum">
          <td className="num">{signed(metric, drop).replace("+", "")}</td>
          <td className="bar">
            <WaterfallBar step={whole} range={range} />
          </td>
          <td className="narrow-off" colSpan={2} aria-label="of all rows" />
          <td className="what">the drop</td>
        </tr>
        {parts.map((part) => (
          <tr key={part.key} className="row">
            <td className="num">{signed(metric, part.points)}</td>
            <td className="bar">
              <WaterfallBar step={part.step} range={range} />
            </td>
            <td className="num narrow-off">
              {part.finding === null ? "" : reach(metric, part.finding.interval)}
            </td>
            <td className="num narrow-off">
              {part.finding?.share === null || part.finding === null ? "" : percent(part.finding.share)}
            </td>
            <td className="what">
              <What model={model} metric={metric} part={part} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
