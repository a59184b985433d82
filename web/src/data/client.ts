/** Requests to the server: JSON in and out, the token where one is asked for. */

export const ROOT = "/api/v1";
const TOKEN = "whence.token";

/** An answer that is not what was asked for: what happened, the value, what to do. */
export class Failure extends Error {
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
    this.name = "Failure";
  }
}

/** The server did not answer at all. */
export const AWAY = 0;
const UNAUTHORISED = 401;

export const token = {
  read: (): string | null => sessionStorage.getItem(TOKEN),
  write: (value: string): void => sessionStorage.setItem(TOKEN, value),
  forget: (): void => sessionStorage.removeItem(TOKEN),
};

type Listener = () => void;
const askers = new Set<Listener>();

/** Call `listener` when the server wants a token; returns how to stop. */
export function onTokenWanted(listener: Listener): () => void {
  askers.add(listener);
  return () => askers.delete(listener);
}

function headers(): Headers {
  const all = new Headers({ Accept: "application/json" });
  const secret = token.read();
  if (secret !== null) all.set("Authorization", `Bearer ${secret}`);
  return all;
}

async function failureOf(answer: Response): Promise<Failure> {
  const body: unknown = await answer.json().catch(() => null);
  const said =
    typeof body === "object" && body !== null && "error" in body ? String(body.error) : null;
  return new Failure(said ?? `the server answered ${answer.status}`, answer.status);
}

/** Fetch one path of the API; the answer is one that succeeded. */
export async function request(path: string, init: RequestInit = {}): Promise<Response> {
  const all = headers();
  new Headers(init.headers).forEach((value, name) => all.set(name, value));
  let answer: Response;
  try {
    answer = await fetch(ROOT + path, { ...init, headers: all });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Failure("the server does not answer; is it still running?", AWAY);
  }
  if (answer.ok) return answer;
  const failure = await failureOf(answer);
  if (failure.status === UNAUTHORISED) for (const listener of askers) listener();
  throw failure;
}

/** Read JSON. */
export async function read<T>(path: string, signal?: AbortSignal): Promise<T> {
  const answer = await request(path, signal === undefined ? {} : { signal });
  return (await answer.json()) as T;
}

/** Send JSON, and read the JSON that comes back. */
export async function send<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
  const init: RequestInit = {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  };
  if (signal !== undefined) init.signal = signal;
  return (await (await request(path, init)).json()) as T;
}

/** Save an answer as a file, with the token where there is one. */
export async function download(path: string, name: string): Promise<void> {
  const content = await (await request(path)).blob();
  save(content, name);
}

/** How long a tab that was opened may take to read its content, in milliseconds. */
const OPENING = 60_000;

/** Open an answer in a tab of its own, with the token where there is one. */
export async function open(path: string): Promise<void> {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await (await request(path)).blob());
  link.target = "_blank";
  link.rel = "noopener";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), OPENING);
}

/** Save content that is already here as a file. */
export function save(content: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
