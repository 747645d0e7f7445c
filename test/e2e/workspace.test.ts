import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { createHash } from "node:crypto"
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { ScratchFolder } from "../support/scratch-folder.ts"
import { usePool } from "../support/use-pool.ts"

const pool = usePool({ hosts: 1 })

const send = (project: ScratchFolder, ...args: string[]) => pool().windfall(["send", ...args], { cwd: project.path })
const LIST = ["find", ".", "-mindepth", "1", "-printf", "%P\\n"]

test("ignore rules keep things home, what never travels does not, and what was left out is said", async () => {
  using project = new ScratchFolder()
  project.write({
    ".gitignore": "*.log\n/data/\n",
    ".windfallignore": "notes\n",
    "main.py": "print()\n",
    "run.log": "x",
    "data/big.bin": "x",
    notes: "x",
    ".venv/lib/x.py": "x",
    "pkg/__pycache__/a.pyc": "x",
    "pkg/a.py": "x",
    "node_modules/m/index.js": "x",
    ".DS_Store": "x",
    ".env": "SECRET=1",
    id_ed25519: "key",
    ".git/HEAD": "ref: refs/heads/main\n",
  })
  const { stdout, exitCode, stderr } = await send(project, "--", ...LIST)
  assert.equal(exitCode, 0, stderr)
  assert.deepEqual(lines(stdout), [".gitignore", ".windfallignore", "main.py", "pkg", "pkg/a.py"])
  assert.match(stderr, /\.env/)
  const included = await send(project, "--include", ".env", "--include", "data", "--", ...LIST)
  assert.ok(lines(included.stdout).includes(".env"))
  assert.ok(lines(included.stdout).includes("data/big.bin"))
})

test("a path named in the command that stays home is pointed out before anything is sent", async () => {
  using project = new ScratchFolder()
  project.write({ ".gitignore": "\n\ndata/\n", "data/set.csv": "1,2\n" })
  const { stderr } = await send(project, "--", "ls", "data/set.csv")
  assert.match(stderr, /data.* stays home, \.gitignore:3/)
  assert.match(stderr, /--include data/)
})

test("a link that points out of the folder is told when it is all that is new", async () => {
  using project = new ScratchFolder()
  project.write({ ".gitignore": "*.log\n", "a.txt": "a\n", "run.log": "x" })
  assert.match((await send(project, "--", "true")).stderr, /sending 2 files/)
  symlinkSync("/etc/hosts", project.at("out"))
  const { stderr, exitCode } = await send(project, "--", "true")
  assert.equal(exitCode, 0, stderr)
  assert.doesNotMatch(stderr, /sending/)
  assert.match(stderr, /left out: .*run\.log/)
  assert.match(stderr, /links that point out of the folder and to something else on a host: out\n/)
  assert.doesNotMatch((await send(project, "--", "true")).stderr, /point out of/)
})

test("links, modes, empty folders, unicode and very long names arrive and come home as they are", async () => {
  using project = new ScratchFolder()
  const long = "l".repeat(250)
  project.write({ "tool.sh": "#!/bin/sh\necho ran\n", "empty/": "", "ünï/日本.txt": "text\n", [long]: "long\n" })
  chmodSync(project.at("tool.sh"), 0o755)
  symlinkSync("ünï/日本.txt", project.at("link"))
  mkdirSync(project.at("empty"), { recursive: true })
  const script = `./tool.sh && cat link ${long} && test -d empty && readlink link && mkdir out && ln -s ../tool.sh out/l && cp tool.sh out/t && mkdir out/none`
  const { stdout, exitCode, stderr } = await send(project, "-q", "--", "sh", "-c", script)
  assert.equal(exitCode, 0, stderr)
  assert.equal(stdout, "ran\ntext\nlong\nünï/日本.txt\n")
  assert.equal(readlinkSync(project.at("out/l")), "../tool.sh")
  assert.equal(statSync(project.at("out/t")).mode & 0o100, 0o100)
  assert.ok(lstatSync(project.at("out/none")).isDirectory())
})

test("the second send of a folder uploads only what changed; jobs never see each other's writes", async () => {
  using project = new ScratchFolder()
  project.write(Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`f/${i}.txt`, `file ${i}\n`])))
  project.write({ "large/x": "x".repeat(5000) })
  const script = "cat f/7.txt; echo overwritten >f/7.txt; rm f/8.txt"
  const first = await send(project, "--output", "none", "--", "sh", "-c", script)
  assert.equal(first.stdout, "file 7\n", first.stderr)
  assert.match(first.stderr, /sending 301 files/)
  project.write({ "f/9.txt": "changed\n" })
  const dry = await send(project, "--dry-run", "--", "true")
  assert.match(dry.stdout, /travels: 1 file, 8 B; the server has the rest\n +8 B {2}f\/\nleft out/)
  const second = await send(
    project,
    "--warn-above",
    "1B",
    "--output",
    "none",
    "--",
    "sh",
    "-c",
    "cat f/7.txt f/8.txt f/9.txt",
  )
  assert.equal(second.stdout, "file 7\nfile 8\nchanged\n", second.stderr)
  assert.match(second.stderr, /sending 1 of 301 files/)
  assert.match(second.stderr, /more than 1 B\. The biggest folders:\n +8 B {2}f\/\nwindfall/)
})

test("--dry-run says what would travel and sends nothing", async () => {
  using project = new ScratchFolder()
  project.write({ "a.txt": "aaa", ".gitignore": "b.txt\n", "b.txt": "bbb" })
  const before = (await pool().windfall(["ps", "--all", "--json"])).stdout
  const { exitCode, stdout, stderr } = await send(project, "--dry-run", "--", "true")
  assert.equal(exitCode, 0, stderr)
  assert.match(stdout + stderr, /b\.txt/)
  assert.match(stdout, /travels: 2 files, 9 B\n/)
  assert.equal((await pool().windfall(["ps", "--all", "--json"])).stdout, before)
})

test("commit, branch and dirty diff are recorded, .git itself stays home", async () => {
  using project = new ScratchFolder()
  const git = (...args: string[]) =>
    execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@example.org", ...args], {
      cwd: project.path,
      encoding: "utf8",
    })
  project.write({ "a.txt": "one\n" })
  git("init", "-q", "-b", "topic")
  git("add", ".")
  git("commit", "-q", "-m", "first")
  project.write({ "a.txt": "two\n" })
  const { stderr, exitCode } = await send(project, "--", "sh", "-c", "test ! -e .git")
  assert.equal(exitCode, 0, stderr)
  const id = Number(/job (\d+)/.exec(stderr)?.[1])
  const { spec } = await pool().job(id)
  assert.equal(spec.git?.branch, "topic")
  assert.equal(spec.git?.commit, git("rev-parse", "HEAD").trim())
  assert.match(spec.git?.dirtyDiff ?? "", /-one\n\+two/)
})

test("a job works in the subfolder it was sent from", async () => {
  using project = new ScratchFolder()
  project.write({ "windfall.yml": "", "top.txt": "top\n", "sub/here.txt": "here\n" })
  const { stdout, exitCode, stderr } = await pool().windfall(
    ["send", "-q", "--folder", project.path, "--", "sh", "-c", "cat here.txt ../top.txt; echo new >new.txt"],
    { cwd: project.at("sub") },
  )
  assert.equal(exitCode, 0, stderr)
  assert.equal(stdout, "here\ntop\n")
  assert.equal(readFileSync(project.at("sub/new.txt"), "utf8"), "new\n")
})

test("get goes on where it was broken off, through a killed server", async () => {
  using project = new ScratchFolder()
  const sent = await send(
    project,
    "-q",
    "--detach",
    "--",
    "sh",
    "-c",
    "for i in 1 2 3; do head -c 8000000 /dev/urandom >f$i; done; cat f1 f2 f3 | sha256sum",
  )
  const id = Number(sent.stdout)
  await pool().awaitJob(id)
  await using child = pool().start(["get", `${id}`], { cwd: project.path })
  await new Promise((resolve) => setTimeout(resolve, 150))
  await pool().server.kill9()
  await pool().server.start()
  const got = await child.ended
  if (got.exitCode !== 0) assert.equal((await pool().windfall(["get", `${id}`], { cwd: project.path })).exitCode, 0)
  const sum = execFileSync("sh", ["-c", "cat f1 f2 f3 | sha256sum"], { cwd: project.path, encoding: "utf8" })
  assert.equal((await pool().log(id)).toString(), sum)
})

test("what the server has lost of a folder is sent again", async () => {
  using project = new ScratchFolder()
  project.write({ "sub/file": "still here\n" })
  const cat = () => send(project, "-q", "--", "cat", "sub/file")
  assert.equal((await cat()).stdout, "still here\n")
  await pool().server.kill9()
  rmSync(blobFile("still here\n"))
  await pool().server.start()
  const { exitCode, stdout, stderr } = await cat()
  assert.deepEqual([exitCode, stdout], [0, "still here\n"], stderr)
})

test("one send is enough for all that is damaged beside what was lost", async () => {
  using project = new ScratchFolder()
  const names = ["a", "b", "sub/c", "sub/d"]
  project.write(Object.fromEntries(names.map((name) => [name, `text of ${name} here\n`])))
  const cat = () => send(project, "--", "cat", ...names)
  const text = names.map((name) => `text of ${name} here\n`).join("")
  assert.equal((await cat()).stdout, text)
  await pool().server.kill9()
  const [lost, ...damaged] = ["a", "b", "sub/d"].map((name) => blobFile(`text of ${name} here\n`))
  rmSync(lost!)
  for (const path of damaged) writeFileSync(path, readFileSync(path).fill(0, 4, 5))
  await pool().server.start()
  const { exitCode, stdout, stderr } = await cat()
  assert.deepEqual([exitCode, stdout], [0, text], stderr)
  assert.match(stderr, /sending 3 of 4 files/)
})

/** Where the server keeps a blob of this content. */
function blobFile(content: string): string {
  const hash = createHash("sha256").update(content).digest("hex")
  const blobs = join(pool().data, "blobs")
  const found = readdirSync(blobs, { recursive: true, encoding: "utf8" }).filter((path) => path.includes(hash.slice(2)))
  assert.equal(found.length, 1)
  return join(blobs, found[0]!)
}

function lines(text: string): string[] {
  return text.trim().split("\n").sort()
}
