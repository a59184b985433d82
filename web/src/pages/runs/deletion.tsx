/** A run taken off the lists, and brought back: deleting loses nothing. */
import { Button } from "@mantine/core";
import { type ReactElement, useState } from "react";

import type { DeletedRun, RunRow } from "../../api";
import { useAct } from "../../data/act";
import { type Failure, send } from "../../data/client";
import { api } from "../../data/paths";
import { invalidate } from "../../data/query";
import { Section } from "../../parts/page";
import { Failed } from "../../parts/states";
import { ago, bytes, plural, when } from "../../words";

export interface Deletion {
  busy: boolean;
  failure: Failure | null;
  /** What the server said of the run that was deleted here; null if it was elsewhere, or is back. */
  said: DeletedRun | null;
  remove: () => void;
  restore: () => void;
}

export function useDeletion(run: string): Deletion {
  const [said, setSaid] = useState<DeletedRun | null>(null);
  const { busy, failure, act } = useAct<"remove" | "restore">();
  const reread = (): void => invalidate((path) => path === api.run(run) || /^\/run(s|-groups)\?/.test(path));
  const remove = async (): Promise<void> => {
    setSaid(await send<DeletedRun>(api.deleteRun(run), {}));
    reread();
  };
  const restore = async (): Promise<void> => {
    await send<RunRow>(api.restoreRun(run), {});
    setSaid(null);
    reread();
  };
  return { busy: busy !== null, failure, said, remove: () => void act("remove", remove), restore: () => void act("restore", restore) };
}

function hangsOn({ files, bytes: size, held }: DeletedRun): string {
  if (held.length > 0) {
    return `${held.join(", ")} ${held.length === 1 ? "comes" : "come"} from it and can still be loaded: it stays in the store until no version does.`;
  }
  const more = files === 0 ? "" : `, with ${plural(files, "file")}, and frees ${bytes(size)}`;
  return `whence gc --deleted takes it out of the store for good${more}.`;
}

/** Below the headline of a run that is deleted. */
export function Deleted({ at, deletion }: { at: string; deletion: Deletion }): ReactElement {
  return (
    <p className="told">
      <span role="status">
        <span title={`${when(at)} UTC`}>Deleted {ago(at)}</span>: it is on no list.{deletion.said === null ? "" : ` ${hangsOn(deletion.said)}`}{" "}
        <button type="button" className="linkish" disabled={deletion.busy} onClick={deletion.restore}>
          Bring it back
        </button>
      </span>
    </p>
  );
}

/** At the end of a run that is not. */
export function Delete({ deletion }: { deletion: Deletion }): ReactElement {
  return (
    <Section title="Delete" says="It leaves the lists, and can be brought back.">
      <Button size="xs" variant="default" loading={deletion.busy} onClick={deletion.remove}>
        Delete this run
      </Button>
    </Section>
  );
}

export function DeletionFailed({ deletion }: { deletion: Deletion }): ReactElement | null {
  return deletion.failure === null ? null : <Failed failure={deletion.failure} />;
}
