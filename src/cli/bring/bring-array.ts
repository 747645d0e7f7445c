import { formatBytes } from "../../base/bytes.ts"
import type { JobView } from "../../protocol/job.ts"
import { path } from "../builtin.ts"
import type { Cli } from "../cli.ts"
import { listTasks } from "../list-tasks.ts"
import { countText } from "../render/table.ts"
import { bringOutputs } from "./bring-outputs.ts"

/** What came home of an array. */
export interface BroughtArray {
  /** Each task's files in a folder of its index in it. */
  readonly folder: string
  readonly tasks: number
  readonly files: number
  readonly bytes: number
  /** Tasks of which not all is here, with the reason. */
  readonly problems: readonly { readonly index: number; readonly reason: string }[]
}

/** Where the files of an array go: beside each other, as tasks mostly give theirs the same names. */
export function arrayFolder(into: string, { id }: Pick<JobView, "id">): string {
  return path.join(into, `array-${id}`)
}

/** Tasks of an array that made files, by index. */
export async function tasksWithFiles(cli: Cli, array: JobView): Promise<JobView[]> {
  return listTasks(cli.client, array, ({ outputs }) => outputs?.state === "ready" && outputs.files > 0)
}

/** Brings the files of an array's tasks home, one task after the other. One that fails keeps no other from coming. */
export async function bringArray(
  cli: Cli,
  array: JobView,
  tasks: readonly JobView[],
  into: string,
  say: (text: string) => Promise<void>,
): Promise<BroughtArray> {
  const folder = arrayFolder(into, array)
  const problems: { index: number; reason: string }[] = []
  let [files, bytes, whole] = [0, 0, 0]
  for (const task of tasks) {
    const index = task.task?.index ?? 0
    try {
      // The folder of a task has nothing of what was sent.
      const alone = { ...task, spec: { ...task.spec, workspace: null } }
      const came = await bringOutputs(cli, alone, path.join(folder, `${index}`), say)
      files += came.written.length + came.kept.length
      bytes += came.bytes
      const short = came.lost.length + came.refused.length
      if (short === 0) whole++
      else problems.push({ index, reason: `${countText(short)} could not come: windfall get ${array.id}_${index}` })
    } catch (error) {
      problems.push({ index, reason: (error as Error).message })
    }
  }
  return { folder, tasks: whole, files, bytes, problems }
}

/** "the files of 97 tasks (12 MB) are in array-17" */
export function broughtText({ tasks, bytes, folder }: BroughtArray, cwd: string): string {
  const where = path.relative(cwd, folder)
  const shown = where === "" || where.startsWith("..") ? folder : where
  return `the files of ${tasks} task${tasks === 1 ? "" : "s"} (${formatBytes(bytes)}) are in ${shown}`
}
