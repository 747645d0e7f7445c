import assert from "node:assert/strict"
import { test } from "node:test"
import { COMMAND_GROUPS, findCommand } from "../command-list.ts"
import { renderHelp } from "./help.ts"
import { renderGroup, renderOverview, renderRoom, unknownCommand } from "./overview.ts"

test("the verbs of other schedulers are answered with the right line", () => {
  for (const [typed, line] of [
    ["sbatch", /windfall send --detach/],
    ["srun", /windfall send -- CMD/],
    ["srun hostname -f", /: windfall send -- hostname -f$/],
    ["srun -n 4", /windfall send -- CMD/],
    ["srun -n 4 python x.py -n 2", /: windfall send -- python x\.py -n 2 {3}\(its options/],
    ["srun -N1 --mem=4G --time 30 --pty -u -- bash -l", /: windfall send -- bash -l {3}\(/],
    ["sbatch -p gpu job.sh 12", /: windfall send --detach -- sh job\.sh 12 {3}\(/],
    ["-v", /: windfall --version$/],
    ["sbatch job.sh 12", /: windfall send --detach -- sh job.sh 12 {3}\(/],
    ["python train.py", /: windfall send -- python train.py$/],
    ["scancel", /windfall stop JOB/],
    ["scancel 3", /: windfall stop 3$/],
    ["scontrol show job 3", /: windfall show 3$/],
    ["scontrol show node m1", /windfall host show HOST/],
    ["sinfo", /windfall host ls/],
    ["sned", /Did you mean windfall send\?/],
    ["constructor", /windfall --help/],
  ] as const) {
    const error = unknownCommand(typed.split(" "))
    assert.equal(error.exitCode, 2)
    assert.match(error.hint ?? "", line)
  }
  assert.match(unknownCommand(["host"]).hint ?? "", /windfall host ls/)
  assert.match(unknownCommand(["host", "ad"]).hint ?? "", /windfall host add/)
})

test("a word that is no command alone has a help of its own", () => {
  const help = renderGroup("secret", 80) ?? ""
  for (const name of ["secret set", "secret ls", "secret rm"]) assert.ok(help.includes(name))
  assert.equal(help.includes("host add"), false)
  assert.equal(renderGroup("send", 80), undefined)
})

test("a word that is a command alone and begins others has the help of both", async () => {
  const help = (await renderRoom("reserve", 80)) ?? ""
  assert.match(help, /^Usage: windfall reserve \[options\]$/m)
  assert.match(help, /^ {2}windfall reserve --nodes 2 --from 'tomorrow 09:00' --for 3h/m)
  assert.match(help, /^ {2}reserve skip +leave out one time/m)
  // "data" is another name of "data ls".
  assert.equal(await renderRoom("data", 80), renderGroup("data", 80))
  assert.equal(await renderRoom("send", 80), undefined)
})

test("run and submit are send; cancel and kill are stop", async () => {
  for (const [typed, name] of Object.entries({ run: "send", submit: "send", cancel: "stop", kill: "stop" })) {
    assert.equal((await findCommand([typed])?.load())?.name, name)
  }
})

test("every command loads under its own name, and its help fits 80 columns", async () => {
  for (const group of Object.values(COMMAND_GROUPS)) {
    for (const [name, listed] of Object.entries(group)) {
      const command = await listed.load()
      assert.equal(command.name, name)
      for (const line of renderHelp(command, 80).split("\n")) assert.ok(line.length <= 80, `${name}: ${line}`)
    }
  }
  for (const line of renderOverview(80).split("\n")) assert.ok(line.length <= 80, line)
})
