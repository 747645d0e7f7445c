/** A kind of Mac, as it says itself what it is. Values are invented or from Apple's technical specifications; their form is macOS's. */
export interface MacModel {
  /** As `sw_vers` prints it. */
  readonly version: string
  readonly build: string
  /** `kern.osrelease`. */
  readonly darwin: string
  /** `uname -m` of the shell: "x86_64" on Intel and under Rosetta. */
  readonly machine: "arm64" | "x86_64"
  /** `hw.model`. */
  readonly identifier: string
  /** What people call it, without year: "Mac Studio". */
  readonly title: string
  readonly form: "desktop" | "laptop"
  readonly chip: string
  /** As the kernel's version and ioreg name the chip: T6031. */
  readonly soc: string
  readonly gpuCores: number
  /** The class of the GPU's driver; "" where there is none of Apple's. */
  readonly gpuClass: string
  /** Cores by kind, the fastest first, as macOS calls the kinds. */
  readonly cores: readonly (readonly [name: string, count: number])[]
  readonly memoryGib: number
  readonly isVirtual?: boolean
  readonly isTranslated?: boolean
  /** Groups of the account besides its own, and who is logged in at the screen (root: nobody). */
  readonly groups?: readonly string[]
  readonly console?: string
}

const SYSTEM = { version: "26.1", build: "25B71", darwin: "25.1.0", machine: "arm64" } as const

const STUDIO: MacModel = {
  ...SYSTEM,
  identifier: "Mac15,14",
  title: "Mac Studio",
  form: "desktop",
  chip: "Apple M3 Ultra",
  soc: "T6031",
  gpuCores: 60,
  gpuClass: "AGXAcceleratorG15X",
  cores: [
    ["Performance", 20],
    ["Efficiency", 8],
  ],
  memoryGib: 96,
}

/** Macs to choose from: five that can be hosts, and four that the join checks must tell apart. */
export const MACS = {
  studio: STUDIO,
  air: {
    ...SYSTEM,
    version: "14.7.1",
    build: "23H222",
    darwin: "23.6.0",
    identifier: "MacBookAir10,1",
    title: "MacBook Air",
    form: "laptop",
    chip: "Apple M1",
    soc: "T8103",
    gpuCores: 8,
    gpuClass: "AGXAcceleratorG13G",
    cores: [
      ["Performance", 4],
      ["Efficiency", 4],
    ],
    memoryGib: 16,
  },
  mini: {
    ...SYSTEM,
    version: "15.6",
    build: "24G84",
    darwin: "24.6.0",
    identifier: "Mac14,3",
    title: "Mac mini",
    form: "desktop",
    chip: "Apple M2",
    soc: "T8112",
    gpuCores: 10,
    gpuClass: "AGXAcceleratorG14G",
    cores: [
      ["Performance", 4],
      ["Efficiency", 4],
    ],
    memoryGib: 24,
  },
  max: {
    ...SYSTEM,
    identifier: "Mac16,5",
    title: "MacBook Pro",
    form: "laptop",
    chip: "Apple M4 Max",
    soc: "T6041",
    gpuCores: 40,
    gpuClass: "AGXAcceleratorG16X",
    cores: [
      ["Performance", 12],
      ["Efficiency", 4],
    ],
    memoryGib: 128,
  },
  pro: {
    ...SYSTEM,
    identifier: "Mac17,6",
    title: "MacBook Pro",
    form: "laptop",
    chip: "Apple M5 Max",
    soc: "T6050",
    gpuCores: 40,
    gpuClass: "AGXAcceleratorG17X",
    cores: [
      ["Super", 6],
      ["Performance", 12],
    ],
    memoryGib: 64,
  },
  intel: {
    ...STUDIO,
    version: "15.6",
    build: "24G84",
    darwin: "24.6.0",
    machine: "x86_64",
    identifier: "Macmini8,1",
    title: "Mac mini",
    chip: "Intel(R) Core(TM) i7-8700B CPU @ 3.20GHz",
    soc: "",
    gpuClass: "",
    cores: [["Standard", 6]],
    memoryGib: 16,
  },
  rosetta: { ...STUDIO, machine: "x86_64", isTranslated: true },
  virtual: {
    ...STUDIO,
    identifier: "VirtualMac2,1",
    title: "Apple Virtual Machine 1",
    chip: "Apple M2 (Virtual)",
    isVirtual: true,
    gpuClass: "",
    memoryGib: 16,
  },
  tooOld: { ...STUDIO, version: "13.4.1", build: "22F82", darwin: "22.5.0" },
} as const satisfies Record<string, MacModel>

/** `hw.cpufamily` by the chip's generation (xnu, osfmk/mach/machine.h). */
const CPU_FAMILY: Readonly<Record<string, number>> = {
  M1: 0x1b588bb3,
  M2: 0xda33d83d,
  M3: 0x72015832,
  M4: 0x17d5b93a,
}

/** What `sysctl` knows of it for good. */
export function sysctlOf(model: MacModel): Record<string, string | number> {
  const cores = model.cores.reduce((sum, [, count]) => sum + count, 0)
  const isApples = model.soc !== ""
  const kernel = model.isVirtual ? "VMAPPLE" : model.soc
  const release = isApples ? `RELEASE_ARM64_${kernel}` : "RELEASE_X86_64"
  const family = CPU_FAMILY[/^Apple (M\d)/.exec(model.chip)?.[1] ?? ""]
  return {
    "hw.model": model.identifier,
    "hw.memsize": model.memoryGib * 1024 ** 3,
    "hw.pagesize": 16_384,
    "hw.ncpu": isApples ? cores : cores * 2,
    "hw.activecpu": isApples ? cores : cores * 2,
    "hw.physicalcpu": cores,
    "hw.physicalcpu_max": cores,
    "hw.logicalcpu": isApples ? cores : cores * 2,
    ...(isApples ? levels(model) : {}),
    ...(family === undefined || model.isVirtual ? {} : { "hw.cpufamily": family }),
    ...(isApples ? { "hw.optional.arm64": 1 } : { "hw.optional.x86_64": 1 }),
    "machdep.cpu.brand_string": model.chip,
    "machdep.cpu.core_count": cores,
    "kern.ostype": "Darwin",
    "kern.osrelease": model.darwin,
    "kern.osversion": model.build,
    "kern.osproductversion": model.version,
    "kern.version": `Darwin Kernel Version ${model.darwin}: Mon Oct 20 19:34:03 PDT 2025; root:xnu-12377.41.6~2/${release}`,
    "kern.hv_vmm_present": model.isVirtual ? 1 : 0,
    "sysctl.proc_translated": model.isTranslated ? 1 : 0,
    "kern.maxproc": 8000,
    "kern.maxfilesperproc": 122_880,
    "vm.pagesize": 16_384,
    ...(isApples && !model.isVirtual ? { "iogpu.wired_limit_mb": 0 } : {}),
  }
}

function levels({ cores }: MacModel): Record<string, string | number> {
  const all: Record<string, string | number> = { "hw.nperflevels": cores.length }
  for (const [level, [name, count]] of cores.entries()) {
    for (const part of ["physicalcpu", "physicalcpu_max", "logicalcpu", "logicalcpu_max"])
      all[`hw.perflevel${level}.${part}`] = count
    all[`hw.perflevel${level}.name`] = name
  }
  return all
}
