import assert from "node:assert/strict"
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { ScratchFolder } from "../../../test/support/scratch-folder.ts"
import { MemoryCgroups } from "./memory-cgroups.ts"

const OWN = "0::/user.slice/app.slice/agent.scope\n"

/** Folders laid out as cgroups v2 is. Files are only files here: what a kernel makes of them is not tried. */
function mount(folder: ScratchFolder, controls: Readonly<Record<string, string>>): string {
  writeFileSync(folder.at("cgroup.controllers"), "cpu memory pids\n")
  for (const path of ["user.slice", "user.slice/app.slice", "user.slice/app.slice/agent.scope"]) {
    mkdirSync(folder.at(path))
    writeFileSync(folder.at(path, "cgroup.procs"), "")
    writeFileSync(folder.at(path, "cgroup.subtree_control"), `${controls[path] ?? ""}\n`)
  }
  return folder.path
}

test("an attempt's processes are put into a group of its own, with its limit, under the nearest one that hands memory on", () => {
  using folder = new ScratchFolder()
  const root = mount(folder, { "user.slice": "cpu memory pids", "user.slice/app.slice": "memory pids" })
  const groups = MemoryCgroups.find(OWN, root)
  assert.ok(groups !== null)
  groups.hold("a1", [41, 42], 1024.5)
  const group = join(root, "user.slice/app.slice/windfall-a1")
  const say = (name: string) => readFileSync(join(group, name), "utf8")
  assert.deepEqual([say("memory.max"), say("memory.oom.group"), say("cgroup.procs")], ["1024", "1", "42"])
  groups.hold("a1", [42, 43], 1024)
  assert.equal(say("cgroup.procs"), "43", "one that is there is not put there again")
  assert.equal(groups.endedAt("a1"), null)
  writeFileSync(join(group, "memory.events"), "low 0\nmax 12\noom 1\noom_kill 2\noom_group_kill 1\n")
  writeFileSync(join(group, "memory.peak"), "1020\n")
  assert.deepEqual([groups.endedAt("a1"), groups.endedAt("a2")], [1020, null])
  // A kernel's files go with their group.
  for (const name of ["memory.max", "memory.oom.group", "cgroup.procs", "memory.events", "memory.peak"])
    rmSync(join(group, name))
  groups.letGo("a1")
  assert.equal(existsSync(group), false)
})

test("where memory is not handed on above, where nothing may be written, and with cgroups v1, there are none", () => {
  using folder = new ScratchFolder()
  const root = mount(folder, { "user.slice/app.slice/agent.scope": "memory" })
  assert.equal(MemoryCgroups.find(OWN, root), null, "its own group has processes: it hands nothing on")
  assert.equal(MemoryCgroups.find("4:memory:/lab\n0::/\n", root), null)
  assert.equal(MemoryCgroups.find("4:memory:/lab\n", root), null)
  assert.equal(MemoryCgroups.find(OWN, folder.at("nothing")), null)
})
