/** The parts every page is set in: a headline, sections, facts. */
import { type ReactElement, type ReactNode, useEffect, useId } from "react";

/** The title of the browser's tab. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = title === "" ? "Whence" : `${title} · Whence`;
  }, [title]);
}

interface HeadProps {
  title: string;
  kicker?: ReactNode | undefined;
  headline: ReactNode;
  standfirst?: ReactNode | undefined;
}

const DATE = /(\d{4}-\d\d-\d\d)/;

/** A text whose dates stay in one line. */
const unbroken = (text: string): ReactNode =>
  text.split(DATE).map((part, at) => (DATE.test(part) ? <span key={`${at} ${part}`} className="nowrap">{part}</span> : part));

export function Head({ title, kicker, headline, standfirst }: HeadProps): ReactElement {
  useTitle(title);
  return (
    <header>
      {kicker === undefined ? null : <p className="kicker">{kicker}</p>}
      <h1 className="headline">{typeof headline === "string" ? unbroken(headline) : headline}</h1>
      {standfirst === undefined ? null : <p className="standfirst">{standfirst}</p>}
    </header>
  );
}

interface SectionProps {
  title: string;
  /** A place that links lead to. */
  id?: string;
  says?: ReactNode | undefined;
  aside?: ReactNode | undefined;
  children: ReactNode;
}

export function Section({ title, id: place, says, aside, children }: SectionProps): ReactElement {
  const id = useId();
  return (
    <section className="section" id={place} aria-labelledby={id}>
      <header>
        <h2 id={id}>{title}</h2>
        {says === undefined ? null : <p className="says small">{says}</p>}
        {aside === undefined ? null : <div className="aside">{aside}</div>}
      </header>
      {children}
    </section>
  );
}

export interface Fact {
  name: string;
  value: ReactNode;
  note?: string;
}

export function Facts({ facts }: { facts: Fact[] }): ReactElement {
  return (
    <dl className="facts">
      {facts.map(({ name, value, note }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            {value} {note === undefined ? null : <small>{note}</small>}
          </dd>
        </div>
      ))}
    </dl>
  );
}
