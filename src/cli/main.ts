// Asked for here, so that `--version` loads nothing else; see builtin.ts.
const fs: typeof import("node:fs") = process.getBuiltinModule("node:fs")

const words = process.argv.slice(2)

if (words[0] === "--version" || words[0] === "-V") {
  // Answered before anything else is loaded: scripts ask this often.
  const { version } = JSON.parse(fs.readFileSync(new URL("../../package.json", import.meta.url), "utf8"))
  fs.writeSync(1, `windfall ${version}\n`)
} else {
  const [{ processCli }, { runCommand }] = await Promise.all([import("./cli.ts"), import("./run-command.ts")])
  // Everything has been written when runCommand() returns; idle connections need not be waited for.
  process.exit(await runCommand(processCli(), words))
}
