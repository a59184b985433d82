/** What a model's aliases name, and a form to let one name another version. */
import { Button, Select, TextInput } from "@mantine/core";
import { type ReactElement, type SubmitEvent, useState } from "react";

import type { NewAlias, RegisteredModelPage } from "../../api";
import { useAct } from "../../data/act";
import { send } from "../../data/client";
import { api } from "../../data/paths";
import { invalidate } from "../../data/query";
import { Section } from "../../parts/page";
import { Failed } from "../../parts/states";
import { byName } from "../../words";

export function Aliases({ page: { model, versions } }: { page: RegisteredModelPage }): ReactElement {
  const [alias, setAlias] = useState("");
  const [version, setVersion] = useState(String(model.latest ?? ""));
  const { busy, failure, act } = useAct<string>();
  const name = (said: NewAlias): Promise<boolean> =>
    act(said.alias, async () => {
      await send<RegisteredModelPage>(api.aliases(model.name), said);
      invalidate((path) => path.startsWith("/registry"));
    });
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (await name({ alias: alias.trim(), version: Number(version) })) setAlias("");
  };
  return (
    <Section title="Aliases" says="Programs ask for a version by its alias; it names one at a time.">
      <ul className="lines ending">
        {Object.entries(model.aliases)
          .toSorted(([one], [other]) => byName(one, other))
          .map(([one, number]) => (
            <li key={one}>
              <b>{one}</b>
              <span className="spread">
                <span>version {number}</span>
                <Button size="compact-xs" variant="default" aria-label={`Remove ${one}`} loading={busy === one} onClick={() => void name({ alias: one, version: null })}>
                  Remove
                </Button>
              </span>
            </li>
          ))}
      </ul>
      <form onSubmit={(event) => void submit(event)}>
        <div className="deeds">
          <TextInput size="xs" w="12rem" aria-label="Alias" placeholder="Alias, such as production" value={alias} onChange={(event) => setAlias(event.currentTarget.value)} />
          <Select
            size="xs"
            w="9rem"
            aria-label="Version"
            data={versions.map((one) => ({ value: String(one.version), label: `version ${one.version}` }))}
            value={version}
            allowDeselect={false}
            searchable
            limit={200}
            onChange={(next) => setVersion(next ?? version)}
          />
          <Button type="submit" size="xs" variant="default" disabled={alias.trim() === ""} loading={busy !== null && busy === alias.trim()}>
            Set
          </Button>
        </div>
      </form>
      {failure === null ? null : <Failed failure={failure} />}
    </Section>
  );
}
