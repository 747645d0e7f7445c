import { fs, nodeChildProcess, path } from "../builtin.ts"
import { isClone } from "../project-root.ts"
import { serverProgram } from "../server-process/spawn-server.ts"

/**
 * Names of the hosts that are still in the pool of a server that has stopped; none where that cannot be told, as with
 * a database that is damaged: then it is no reason to keep it.
 */
export function joinedHosts(data: string): readonly string[] {
  if (!isClone() || !fs.existsSync(path.join(data, "windfall.db"))) return []
  const [program, ...words] = serverProgram()
  const { status, stdout } = nodeChildProcess().spawnSync(program, [...words, "--data", data, "--list-hosts"], {
    encoding: "utf8",
  })
  return status === 0 ? (JSON.parse(stdout) as string[]) : []
}
