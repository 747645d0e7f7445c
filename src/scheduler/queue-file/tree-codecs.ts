import type { BlobHash } from "../../protocol/ids.ts"
import { type Codec, mapped, record } from "../described/codec.ts"
import { text } from "../described/scalar-codecs.ts"
import type { WaitingJob, WantedData } from "../snapshot.ts"
import { also, bytes, nullable, texts } from "./file-codecs.ts"

type Workspace = NonNullable<WaitingJob["workspace"]>

/** Whatever tells trees apart: in a file written by hand, or masked, it is no hash. */
const tree: Codec<BlobHash> = mapped(
  text,
  (typed) => typed as BlobHash,
  (value) => value,
)

/** A large folder that a job brings. */
export const workspaceCodec: Codec<Workspace> = also(
  { bytes: "size", root: "tree" },
  record<Workspace>({ root: ["tree", tree], bytes: ["size", bytes] }, { root: "" as BlobHash, bytes: 0 }),
)

const whole: Codec<WantedData> = also(
  { bytes: "size", root: "tree" },
  record<WantedData>(
    { name: ["name", text], root: ["tree", nullable(tree)], bytes: ["size", bytes] },
    { name: "", root: null, bytes: 0 },
  ),
)

/** Data that a job needs: names alone, of what only hosts have themselves; or also the tree that can be laid out anywhere. */
export const wantedData: Codec<readonly WantedData[]> = {
  read(value, path, report) {
    const named = (name: string): WantedData => ({ name, root: null, bytes: 0 })
    if (!Array.isArray(value)) return texts.read(value, path, report)?.map(named)
    return value.flatMap((each, at) => {
      const where = [...path, at]
      if (typeof each === "string") return named(each)
      const read = whole.read(each, where, report)
      if (read?.name === "") report(where, "has no name")
      return read ?? []
    })
  },
  write: (value) => value.map((one) => (one.root === null && one.bytes === 0 ? one.name : whole.write(one))),
}
