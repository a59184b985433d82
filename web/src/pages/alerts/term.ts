/** How long a silence lasts, as people choose it. */

const HOUR = 3_600_000;
/** Back at work, by the clock on the wall of whoever asks. */
const MORNING = 9;

export type Term = "hour" | "hours" | "morning" | "week" | "date";

export const TERMS: { value: Term; label: string }[] = [
  { value: "hour", label: "1 hour" },
  { value: "hours", label: "4 hours" },
  { value: "morning", label: "until tomorrow 9:00" },
  { value: "week", label: "a week" },
  { value: "date", label: "until a date, 9:00" },
];

const LENGTHS: Partial<Record<Term, number>> = { hour: HOUR, hours: 4 * HOUR, week: 168 * HOUR };

/** When a silence ends that begins at `now` (milliseconds since 1970); null for no or half a date. */
export function endOf(term: Term, date: string, now: number): Date | null {
  const length = LENGTHS[term];
  if (length !== undefined) return new Date(now + length);
  const end = term === "date" ? new Date(`${date}T00:00`) : new Date(now);
  if (term === "morning") end.setDate(end.getDate() + 1);
  end.setHours(MORNING, 0, 0, 0);
  return Number.isNaN(end.getTime()) ? null : end;
}
