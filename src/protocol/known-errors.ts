/**
 * What jobs print when they fail, what it means, and the line to type. A pattern is as narrow as the text of its program: what
 * might also be ordinary output is left out, as a wrong hint costs more than none.
 */
import { GPU_ERRORS } from "./known-gpu-errors.ts"
import { packageOfProgram } from "./python-programs.ts"

/** How a job ended, as far as a hint may depend on it. */
export interface FailedRun {
  /** Its command's exit status; `null` when a signal, or Windfall, ended it. */
  readonly exitCode: number | null
  readonly signal: number | null
  /** It ran on a Mac, where some texts mean something else than on Linux. */
  readonly onMac: boolean
  /** Names of the secrets it was given. */
  readonly secrets: readonly string[]
}

export interface KnownError {
  /** Stable, for scripts. */
  readonly code: string
  /** Looked for in each line by itself. */
  readonly pattern: RegExp
  /** Whether it can be this at all. @default always */
  readonly only?: (run: FailedRun, match: RegExpExecArray) => boolean
  /** One sentence without a full stop. */
  readonly meaning: (match: RegExpExecArray) => string
  /** Said already where a line has this. */
  readonly unless?: RegExp
  /** Codes of others that this one says better. */
  readonly covers?: readonly string[]
  /** A line to type, or else what to do. `JOB` in it stands for the job's number. */
  readonly fix: (match: RegExpExecArray) => string
}

/** Packages that are called otherwise than what one imports of them. */
const PACKAGES: Readonly<Record<string, string>> = {
  PIL: "pillow",
  bs4: "beautifulsoup4",
  cv2: "opencv-python",
  dateutil: "python-dateutil",
  dotenv: "python-dotenv",
  mlx_lm: "mlx-lm",
  skimage: "scikit-image",
  sklearn: "scikit-learn",
  yaml: "pyyaml",
}

/** Folders that macOS keeps from what came in over ssh (TCC), and disks that it may keep from it. */
const PRIVATE_FOLDER = String.raw`(/Volumes/[^:'"]+|/Users/[^/:'"]+/(?:Desktop|Documents|Downloads)\b[^:'"]*)`
/** What the agent itself says about a missing python. */
const SAID_BY_HOST = /^windfall: to run in a Python environment: /
const onMac = ({ onMac }: FailedRun): boolean => onMac
const exitedWith =
  (code: number) =>
  ({ exitCode }: FailedRun): boolean =>
    exitCode === code

/** What is more telling comes first: of what a job printed at most two are shown. */
export const KNOWN_ERRORS: readonly KnownError[] = [
  ...GPU_ERRORS,
  {
    code: "gpu_operator",
    pattern: /The operator '([\w:.]+)' is not currently implemented for the MPS device/,
    meaning: ([, operator]) => `PyTorch has no ${operator} for Metal yet`,
    fix: () => "Let the CPU do what Metal cannot: windfall send --env PYTORCH_ENABLE_MPS_FALLBACK=1",
  },
  {
    code: "gpu_float64",
    pattern: /Cannot convert a MPS Tensor to float64 dtype/,
    meaning: () => "Metal has no numbers of 64 bits",
    fix: () => "Use torch.float32 for what goes to the GPU",
  },
  {
    code: "cuda",
    pattern:
      /Torch not compiled with CUDA enabled|Found no NVIDIA driver on your system|deserialize object on a CUDA device/,
    only: onMac,
    meaning: () => "it asks for CUDA, which no Mac has: the GPU of a Mac is reached through Metal",
    fix: () => 'In PyTorch the device is called "mps"; torch.load takes map_location="mps"',
  },
  {
    code: "nvidia_smi",
    pattern: /\bnvidia-smi: (?:command )?not found/,
    only: onMac,
    meaning: () => "nvidia-smi is for NVIDIA's GPUs, which no Mac has",
    fix: () => "Leave it out. What the Mac's GPU is: windfall host show NAME",
  },
  {
    code: "module_missing",
    pattern:
      /^(?:ModuleNotFoundError|ImportError): No module named '?([A-Za-z_]\w*)|^\S*python[\d.]*: No module named ([A-Za-z_]\w*)/,
    meaning: (match) => `Python finds no module ${moduleOf(match)}: neither a package nor a file that was sent`,
    fix: (match) => `If it is a package: windfall send --with ${packageOf(moduleOf(match))}`,
  },
  {
    code: "gated_repository",
    pattern: /\bCannot access gated repo for url\b|\bGatedRepoError\b|\bYou are trying to access a gated repo\b/,
    covers: ["hugging_face_login"],
    meaning: () => "the model is gated: its page on Hugging Face wants its terms accepted, and a token of who did",
    fix: () => "Accept them there, then: windfall secret set HF_TOKEN, and windfall send --secret HF_TOKEN",
  },
  {
    code: "hugging_face_login",
    pattern: /401 Client Error\b.*\bhuggingface\.co\b|\bRepositoryNotFoundError: 401 Client Error\b/,
    meaning: () => "Hugging Face does not show it without a login: it is private, or its name is another",
    fix: () => "Look at the name; if it is private: windfall secret set HF_TOKEN, and windfall send --secret HF_TOKEN",
  },
  {
    code: "wandb_login",
    pattern: /\bapi_key not configured \(no-tty\)|\bUsageError: No API key configured\. Use `wandb login`/,
    only: ({ secrets }) => !secrets.includes("WANDB_API_KEY"),
    meaning: () => "Weights & Biases has no key where the job ran, and nobody there to type one",
    fix: () =>
      "windfall secret set WANDB_API_KEY, and windfall send --secret WANDB_API_KEY (or --env WANDB_MODE=offline)",
  },
  {
    code: "privacy",
    pattern: new RegExp(
      String.raw`\[Errno 1\] Operation not permitted: '${PRIVATE_FOLDER}|: ${PRIVATE_FOLDER}: Operation not permitted$`,
    ),
    only: onMac,
    meaning: (match) => `macOS keeps ${match[1] ?? match[2]} from whatever came in over ssh`,
    fix: () =>
      "Send the data with the job, or on that Mac: Settings > General > Sharing > Remote Login (i) > full disk access",
  },
  {
    code: "local_network",
    pattern:
      /\[Errno 65\] No route to host|\(os error 65\)|^(?:ssh|curl|nc): .*\bNo route to host$|\bconnect EHOSTUNREACH\b/,
    only: onMac,
    meaning: () => "macOS lets a job reach the local network only as long as Windfall's link to its host lives",
    fix: () => "windfall send --needs-lan",
  },
  {
    code: "unknown_host",
    pattern:
      /\[Errno 8\] nodename nor servname provided, or not known|\[Errno -[23]\] (?:Temporary failure in name resolution|Name or service not known)|^curl: \(6\) Could not resolve host|\bgetaddrinfo (?:ENOTFOUND|EAI_AGAIN)\b/,
    meaning: () => "a name on the network could not be found from that host",
    fix: () => "Look at the name, and whether that host is on the network: windfall shell",
  },
  {
    code: "wrong_processor",
    pattern: /\bBad CPU type in executable\b/,
    only: onMac,
    meaning: () => "the program is made for Intel Macs, and Rosetta is not on that host",
    fix: () => "Take a build for arm64 (Apple silicon)",
  },
  {
    code: "wrong_system",
    pattern: /\b(?:cannot execute binary file|Exec format error)\b/,
    only: ({ exitCode }) => exitCode === 126 || exitCode === 127,
    meaning: () => "the program is made for another system or processor than that host's",
    fix: () => "Build it there, as part of the job, or take a build for that system",
  },
  {
    code: "illegal_instruction",
    pattern: /\billegal hardware instruction\b|\bIllegal instruction(?::|\b)/,
    only: ({ exitCode, signal }) => signal === 4 || exitCode === 132,
    meaning: () => "the program uses instructions that the processor there does not have: mostly a build for Intel",
    fix: () => "Take a build for that processor; on a Mac that is arm64",
  },
  {
    code: "developer_tools",
    pattern: /^xcrun: error: invalid active developer path|: this Mac has no developer tools\b/,
    only: onMac,
    meaning: () => "that Mac has no developer tools, so git, clang and Apple's python3 are only stubs",
    fix: () => "For Python: windfall send --python 3.12; for the rest its owner may run: xcode-select --install",
  },
  {
    code: "python_missing",
    pattern: /^(?:windfall: |.*: )?(python[\d.]*): (?:command )?not found\b/,
    only: exitedWith(127),
    unless: SAID_BY_HOST,
    meaning: ([, name]) => `there is no ${name} on that host`,
    fix: ([, name]) =>
      `windfall send --python 3.12 -- ${name} SCRIPT, with the packages it imports: --with numpy,torch`,
  },
  {
    code: "pip_missing",
    pattern: /^(?:windfall: |.*: )?pip[\d.]*: (?:command )?not found\b/,
    only: exitedWith(127),
    unless: SAID_BY_HOST,
    meaning: () => "there is no pip on that host, and packages need none: Windfall brings them",
    fix: () => "windfall send --with numpy,torch -- COMMAND, or a requirements.txt in the folder",
  },
  {
    code: "program_missing",
    pattern: /^(?:windfall: |.*: )?([\w.+-]+): (?:command )?not found\b/,
    only: (run, [, name = ""]) => exitedWith(127)(run) && packageOfProgram(name) !== null,
    covers: ["command_missing"],
    meaning: ([, name]) => `${name} is not in the job's Python environment, or the job has none`,
    fix: ([, name = ""]) => `windfall send --with ${packageOfProgram(name)} -- ${name}`,
  },
  {
    code: "command_missing",
    pattern: /^(?:windfall: |.*: )?([\w.+-]+): (?:command )?not found\b/,
    only: (run, [, name = ""]) => exitedWith(127)(run) && !/^(?:nvidia-smi|(?:python|pip)[\d.]*)$/.test(name),
    meaning: ([, name]) => `there is no ${name} on that host, or not where a job looks for programs`,
    fix: () => "Send it with the folder and name it with its path, as ./tool; what is there: windfall shell",
  },
  {
    code: "not_executable",
    pattern: /^(?:windfall: |.*: )?(\S*\/?[\w.+-]+): [Pp]ermission denied$/,
    only: exitedWith(126),
    meaning: ([, name]) => `${name} may not be run: it is no program, or not marked as one`,
    fix: ([, name]) => `chmod +x ${name}, or name who reads it: windfall send -- sh ${name}`,
  },
  {
    code: "data_read_only",
    pattern: /\[Errno 13\] Permission denied: '(?:[^']*\/work\/|\.\/)?(data\/[^']+)'/,
    meaning: ([, path]) => `${path} is data that was named with --data, and that is read-only`,
    fix: () => "Write beside it, into the job's own folder: what is new there comes home",
  },
  {
    code: "certificate",
    pattern: /\bCERTIFICATE_VERIFY_FAILED\b|^curl: \(60\) |\bself[- ]signed certificate in certificate chain\b/,
    meaning: () =>
      "it does not trust who vouches for the server it called: mostly the lab's own proxy, or a Python without authorities",
    fix: () =>
      "In Python: windfall send --with truststore, and in the script: import truststore; truststore.inject_into_ssl()",
  },
  {
    code: "memory_refused",
    pattern: /^(?:numpy\._core\._exceptions\._ArrayMemoryError|MemoryError)\b/,
    meaning: () => "it asked for more memory at once than that host has",
    fix: () => "Make the piece smaller, or ask for a larger Mac with --memory; what each has: windfall host ls",
  },
  {
    code: "disk_full",
    pattern: /\[Errno 28\] No space left on device|: No space left on device$|\bENOSPC\b|\bDisk quota exceeded\b/,
    meaning: () => "the disk there is full",
    fix: () => "Who has how much left: windfall doctor; then another host: windfall send --host NAME",
  },
  {
    code: "address_in_use",
    pattern:
      /\[Errno (?:48|98)\] (?:Address already in use|error while attempting to bind)|\bEADDRINUSE\b|\bAddress already in use$/,
    meaning: () => "the port it wants is taken on that host, perhaps by another job",
    fix: () => "Let it take a free one: port 0 in most programs",
  },
  {
    code: "spawn_guard",
    pattern: /An attempt has been made to start a new process before the/,
    meaning: () => "on a Mac each new process of Python reads the script again, from its first line",
    fix: () => 'Put what starts processes, as a DataLoader with workers, below: if __name__ == "__main__":',
  },
  {
    code: "file_missing",
    pattern: /^FileNotFoundError: \[Errno 2\] No such file or directory: '(?![/~])([^']{1,200})'/,
    meaning: ([, path]) => `${path} is not in the job's folder: it was not sent, or nothing made it there`,
    fix: () => "What travels and what does not: windfall send --dry-run; to let it travel all the same: --include",
  },
  {
    code: "too_many_files",
    pattern: /\[Errno 24\] Too many open files\b|: Too many open files$/,
    meaning: () => "it has more files open at once than the system lets it",
    fix: () => "windfall send -- sh -c 'ulimit -n 65536; exec COMMAND'",
  },
]

function moduleOf(match: RegExpExecArray): string {
  return match[1] ?? match[2] ?? ""
}

function packageOf(module: string): string {
  return Object.hasOwn(PACKAGES, module) ? (PACKAGES[module] ?? module) : module
}
