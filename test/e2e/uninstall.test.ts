import assert from "node:assert/strict"
import { lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, it } from "node:test"
import { Child, type Ended } from "../support/child.ts"
import { ScratchFolder } from "../support/scratch-folder.ts"

const CLI_MAIN = join(import.meta.dirname, "../../src/cli/main.ts")
const OWN_CONFIG = "\n\nHost lab\n  User me\n\n"

describe("an account before Windfall and after it", { timeout: 600_000 }, () => {
  for (const what of ["an empty one", "one with folders and an ssh configuration of its own"]) {
    it(`${what} is as it was, after everything was used once`, async () => {
      using scratch = new ScratchFolder()
      scratch.write({ "project/hello.txt": "hello\n", "data/a": "a", "home/": "" })
      const home = scratch.at("home")
      if (what !== "an empty one") {
        for (const folder of [".ssh", ".config", ".cache", ".local/bin", ".local/share"]) {
          mkdirSync(join(home, folder), { recursive: true })
        }
        writeFileSync(join(home, ".ssh/config"), OWN_CONFIG, { mode: 0o640 })
        // What is born with Windfall's own is taken for it.
        await new Promise((resolve) => setTimeout(resolve, 2_500))
      }
      const before = walk(home)
      const words = ["--disable-warning=ExperimentalWarning", CLI_MAIN]
      const env = { HOME: home, NODE_COMPILE_CACHE: scratch.at("compile") }
      const none = ["WINDFALL_URL", "WINDFALL_TOKEN", "WINDFALL_DATA", "WINDFALL_KEY_FILE", "WINDFALL_CACHE"]
      const unset = Object.fromEntries(
        [...none, "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"].map((name) => [
          name,
          undefined,
        ]),
      )
      const run = (...args: string[]): Promise<Ended> =>
        new Child(process.execPath, [...words, ...args], { env: { ...unset, ...env }, cwd: scratch.at("project") })
          .ended
      const good = async (...args: string[]): Promise<Ended> => {
        const ended = await run(...args)
        assert.equal(ended.exitCode, 0, `${args.join(" ")}: ${ended.stdout}${ended.stderr}`)
        return ended
      }
      try {
        await good("up", "--detach", "--port", "0")
        await good("host", "add", `local:${scratch.at("host")}`, "--name", "here")
        await good("send", "-q", "--", "sh", "-c", "cat hello.txt; echo made >made.txt")
        await good("data", "add", "letters", scratch.at("data"))
        const id = (await good("send", "-q", "-d", "--data", "letters", "--", "sleep", "600")).stdout.trim()
        while (!/running/.test((await good("show", id)).stdout)) {}
        await good("ssh-config", id, "--install")
        // What ssh-proxy writes down, and what a first Python job brings.
        const files = [".config/windfall/ssh/known_hosts.77", ".cache/windfall/tools/uv-1/uv"]
        for (const file of files) {
          mkdirSync(join(home, file, ".."), { recursive: true })
          writeFileSync(join(home, file), "")
        }
        await good("stop", id)
        await good("host", "rm", "here", "--yes")
      } finally {
        await run("down", "--now")
      }
      const { stdout } = await good("uninstall", "--server", "--yes")
      assert.match(stdout, /^ssh's Include line +\S+\/\.ssh\/config$/m)
      assert.match(stdout, /^ssh's key and lines +\S+\/\.config\/windfall\/ssh$/m)
      assert.match(stdout, /^server's cache +\S+\/\.cache\/windfall\/tools$/m)
      assert.deepEqual(walk(home), before)
    })
  }
})

/** Each path with what it is, and a file with its content. */
function walk(home: string): string[] {
  const all = readdirSync(home, { recursive: true, encoding: "utf8" }).sort()
  return all.map((path) => {
    const stat = lstatSync(join(home, path))
    const content = stat.isFile() ? readFileSync(join(home, path), "utf8") : ""
    return `${path} ${(stat.mode & 0o7777).toString(8)} ${JSON.stringify(content)}`
  })
}
