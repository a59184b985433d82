/** The files of a run, folder by folder; the chosen one beside them. */
import { type ReactElement, useMemo, useState } from "react";

import type { ArtifactRow } from "../../api";
import { api } from "../../data/paths";
import { useAnswer } from "../../data/query";
import { useUrl } from "../../data/url";
import { Section } from "../../parts/page";
import { Picture } from "../../parts/photo";
import { Empty, Shown } from "../../parts/states";
import { byName, bytes, count, plural } from "../../words";
import { Artifact, isPicture } from "./artifact";

/** More files than this: only the folder of the chosen one begins open. */
const FEW = 40;
/** Of one folder; the others are shown when they are asked for. */
const MOST_FILES = 200;
const MOST_PICTURES = 24;

interface Folder {
  name: string;
  files: ArtifactRow[];
}

const folderOf = ({ path }: ArtifactRow): string => path.slice(0, Math.max(path.lastIndexOf("/"), 0));
const sizeOf = (files: ArtifactRow[]): number => files.reduce((sum, { size }) => sum + size, 0);

function foldersOf(files: ArtifactRow[]): Folder[] {
  const folders = new Map<string, ArtifactRow[]>();
  for (const file of files.toSorted((one, other) => byName(one.path, other.path))) {
    const name = folderOf(file);
    folders.set(name, [...(folders.get(name) ?? []), file]);
  }
  return Array.from(folders, ([name, inside]): Folder => ({ name, files: inside })).toSorted((one, other) => byName(one.name, other.name));
}

interface ListProps {
  folder: Folder;
  chosen: string | null;
  onChoose: (path: string) => void;
}

function Files({ folder: { name, files }, chosen, onChoose }: ListProps): ReactElement {
  const [all, setAll] = useState(false);
  return (
    <ul className="files">
      {(all ? files : files.slice(0, MOST_FILES)).map(({ path, size }) => (
        <li key={path} className={path === chosen ? "at" : ""}>
          <button type="button" className="linkish" aria-pressed={path === chosen} onClick={() => onChoose(path)}>
            {name === "" ? path : path.slice(name.length + 1)}
          </button>
          <span className="soft nowrap">{bytes(size)}</span>
        </li>
      ))}
      {all || files.length <= MOST_FILES ? null : (
        <li>
          <button type="button" className="linkish" onClick={() => setAll(true)}>
            Show all {count(files.length)}
          </button>
        </li>
      )}
    </ul>
  );
}

function FolderOf({ open, ...rest }: ListProps & { open: boolean }): ReactElement {
  const { folder } = rest;
  if (folder.name === "") return <Files {...rest} />;
  return (
    <details className="folder" open={open}>
      <summary>
        {folder.name}/{" "}
        <span className="soft small">
          {plural(folder.files.length, "file")}, {bytes(sizeOf(folder.files))}
        </span>
      </summary>
      <Files {...rest} />
    </details>
  );
}

/** What is there to see before a file is chosen. */
function Pictures({ run, files, onChoose }: { run: string; files: ArtifactRow[]; onChoose: (path: string) => void }): ReactElement {
  const pictures = files.filter(({ path }) => isPicture(path));
  if (pictures.length === 0) return <Empty>Choose a file to see it.</Empty>;
  return (
    <>
      <div className="photos">
        {pictures.slice(0, MOST_PICTURES).map(({ path }) => (
          <figure key={path}>
            <button type="button" onClick={() => onChoose(path)}>
              <Picture path={api.artifact(run, path)} alt="" />
              <figcaption title={path}>{path}</figcaption>
            </button>
          </figure>
        ))}
      </div>
      {pictures.length > MOST_PICTURES ? <p className="soft small">and {plural(pictures.length - MOST_PICTURES, "more picture")}</p> : null}
    </>
  );
}

function Body({ run, files }: { run: string; files: ArtifactRow[] }): ReactElement | null {
  const { get, set } = useUrl();
  const chosen = get("file");
  const folders = useMemo(() => foldersOf(files), [files]);
  const sorted = useMemo(() => folders.flatMap((folder) => folder.files), [folders]);
  if (files.length === 0 && chosen === null) return null;
  const onChoose = (path: string): void => set({ file: path === chosen ? null : path }, "replace");
  const file = files.find(({ path }) => path === chosen);
  return (
    <Section title="Artifacts" says={`${plural(files.length, "file")}, ${bytes(sizeOf(files))}.`}>
      <div className="artifacts">
        <div className="folders">
          {folders.map((folder) => (
            <FolderOf
              key={folder.name}
              folder={folder}
              chosen={chosen}
              onChoose={onChoose}
              open={files.length <= FEW || (file !== undefined && folderOf(file) === folder.name)}
            />
          ))}
        </div>
        <div className="file">
          {chosen === null ? (
            <Pictures run={run} files={sorted} onChoose={onChoose} />
          ) : file === undefined ? (
            <Empty>The run has no file {chosen}.</Empty>
          ) : (
            <Artifact key={file.path + file.digest} run={run} file={file} />
          )}
        </div>
      </div>
    </Section>
  );
}

export function Artifacts({ run }: { run: string }): ReactElement {
  const files = useAnswer<ArtifactRow[]>(api.artifacts(run));
  return <Shown answer={files}>{(data) => <Body run={run} files={data} />}</Shown>;
}
