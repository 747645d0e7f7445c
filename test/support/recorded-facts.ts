/**
 * What each recorded output is, and the most important of what it tells: file | command | facts. First written by the parsers, then
 * compared line by line with the recordings and with their description. Unknown and less important facts are left out.
 */
const TABLE = `
INDEX.md | - | {}
codesign-verify-invalid__stderr.txt | error text | {"errorCode":"signature_broken"}
derived-chip-table__m1-m5.tsv | - | {}
derived-model-map__sofa-2026-07-05.tsv | - | {}
df-h__macmini-apple-silicon.txt | df | {"diskAvailableBytes /System/Volumes/Data":36507222016,"diskUsedBytes /System/Volumes/Data":425201762304,"diskSizeBytes /":493921239040}
df__macbook-intel-macos10.14.6.txt | df | {"diskSizeBytes /":499963174912,"diskUsedBytes /":154725339136,"diskAvailableBytes /":338078900224}
dns-sd-B_ssh__three-interfaces.txt | dns-sd -B | {}
footprint-p__zsh-and-mlx-header.txt | footprint | {"processFootprintBytes 9002":2326528,"processFootprintBytes 62283":213889371341}
gpustack-worker-status__1_m1pro_21g.txt | mactop or gpustack | {"memoryBytes":34359738368,"chip":"Apple M1 Pro","gpuCores":16,"memoryBandwidthGbPerS":200,"gpuFp32Tflops":5.31}
gpustack-worker-status__2_m2_24g.txt | mactop or gpustack | {"memoryBytes":25769803776,"chip":"Apple M2","gpuCores":10,"macosMajor":"15","chipFamily":"M2","macosVersion":"15.1.1","memoryBandwidthGbPerS":100,"gpuFp32Tflops":3.58}
gpustack-worker-status__3_m2ultra_192g.txt | mactop or gpustack | {"memoryBytes":206158430208,"chip":"Apple M2 Ultra","gpuCores":60,"macosMajor":"15","chipFamily":"M2 Pro or M2 Max or M2 Ultra","macosVersion":"15.5","memoryBandwidthGbPerS":800,"gpuFp32Tflops":21.47}
ibv_devices__m3ultra-6tb5.txt | ibv_devices | {"rdmaDevice rdma_en2":true,"rdmaDevice rdma_en3":true,"rdmaDevice rdma_en4":true,"rdmaDevice rdma_en5":true,"rdmaDevice rdma_en6":true,"rdmaDevice rdma_en7":true}
ifconfig-a__ohai-wired-none.txt | ifconfig | {"linkKind en0":"ethernet","isLinkActive en0":false,"isLinkActive en1":true,"linkKind en1":"wifi"}
ifconfig-en6__10gbe-thunderbolt-macos12.3.txt | ifconfig | {"isLinkActive en6":true,"linkKind en6":"ethernet","linkMbps en6":10000}
ifconfig__imac27-intel-1gbe-macos10.14.6.txt | ifconfig | {"linkKind en0":"ethernet","isLinkActive en0":true,"linkMbps en0":1000,"isLinkActive en2":false,"isLinkActive en3":false,"isLinkActive en1":true,"linkKind en1":"wifi"}
ifconfig__mac-wifi-many-facter.txt | ifconfig | {"linkKind en0":"wifi","isLinkActive en0":true,"isLinkActive en1":false,"isLinkActive en2":false}
ifconfig__macbook-intel-macos10.14.6.txt | ifconfig | {"linkKind en0":"wifi","isLinkActive en0":true,"isLinkActive en5":true,"isLinkActive en1":false,"isLinkActive en2":false,"isLinkActive en3":false,"isLinkActive en4":false}
ifconfig__mbp-m1pro-wifi-macos14.5.txt | ifconfig | {"isLinkActive en8":false,"linkKind en0":"wifi","linkKind en8":"ethernet","isLinkActive en0":true,"isLinkActive en5":false,"linkKind en5":"ethernet","isLinkActive en6":false,"linkKind en6":"ethernet","isLinkActive en7":false}
ioreg-AppleSmartBattery-PowerTelemetryData__m1max-mbp18,2.txt | ioreg | {"systemPowerMw":6879}
ioreg-AppleSmartBattery__m1max-mbp18,2-full-trimmed.txt | ioreg | {"hasBattery":true,"isCharging":false,"isFullyCharged":true,"isExternalPower":false,"batteryPercent":100,"batteryCycles":35}
ioreg-AppleSmartBattery__m4pro-ac-full.txt | ioreg | {"hasBattery":true,"isCharging":false,"isFullyCharged":true,"isExternalPower":true,"batteryPercent":100,"batteryCycles":594,"adapterWatts":94}
ioreg-IOAccelerator-l-clients__m4pro-16core-65pct.txt | ioreg | {"gpuGeneration":"M4","gpuBusyPercent":65,"gpuMemoryInUseBytes":1717813248,"gpuCores":16,"chip":"Apple M4 Pro","gpuModel":"Apple M4 Pro","gpuClient 412":"WindowServer","gpuClient 415":"runningboardd","memoryBandwidthGbPerS":273,"gpuFp32Tflops":6.46}
ioreg-IOAccelerator__m1pro-14core-17gb-model-22pct.txt | ioreg | {"gpuGeneration":"M1","gpuBusyPercent":22,"gpuMemoryAllocatedBytes":21343043584,"gpuMemoryInUseBytes":507330560,"gpuCores":14}
ioreg-IOAccelerator__m1pro-max-macos12.6-2pct-excerpt.txt | ioreg | {"gpuGeneration":"M1","gpuBusyPercent":2,"gpuMemoryAllocatedBytes":1214005248,"gpuMemoryInUseBytes":340983808,"gpuRecoveries":0,"chipFamily":"M1 Pro or M1 Max or M1 Ultra"}
ioreg-IOAccelerator__m3pro-or-max-g15x-86pct.txt | ioreg | {"gpuGeneration":"M3","gpuBusyPercent":86}
ioreg-IOAccelerator__m4-10core-macos27-17pct.txt | ioreg | {"gpuGeneration":"M4","gpuBusyPercent":17,"gpuMemoryAllocatedBytes":4597121024,"gpuMemoryInUseBytes":430571520,"gpuRecoveries":0,"gpuCores":10,"chip":"Apple M4","gpuModel":"Apple M4","chipFamily":"M4","memoryBandwidthGbPerS":120,"gpuFp32Tflops":4.04}
ioreg-IOBlockStorageDriver__m4-16g.txt | ioreg | {"diskReadBytes disk0s1":156378263552,"diskWrittenBytes disk0s1":47597654016}
ioreg-IOHIDSystem__187s-idle.txt | ioreg | {"idleMs":187543}
ioreg-IOHIDSystem__macos26.6.2-locked-54min-idle.txt | ioreg | {"idleMs":3254341}
ioreg-IOPlatformExpertDevice__mbp12,1-intel.txt | ioreg | {"modelIdentifier":"MacBookPro12,1","hostVerdict":"refused","refusal intel_mac":true}
ioreg-Root__macos26-unlocked-live.txt | ioreg | {"isScreenLocked":false,"hasConsoleUser":true,"consoleUid":501}
ioreg-Root__macos26.6.2-locked.txt | ioreg | {"isScreenLocked":true,"hasConsoleUser":true,"consoleUid":506}
last__macbook-intel-macos10.14.6.txt | last | {}
launchctl-bootout-missing__stderr-exit3.txt | error text | {"errorCode":"service_gone"}
launchctl-bootstrap-gui-over-ssh__stderr-125.txt | error text | {"errorCode":"no_gui_session"}
launchctl-limit-maxfiles__default.txt | launchctl limit | {"fileLimit":256}
launchctl-list__glpi.txt | launchctl list | {"serviceStatus com.apple.WindowServer":"pid 203","serviceStatus com.apple.storedownloadd.daemon":"ended with 0","serviceStatus com.apple.coreservicesd":"pid 106"}
launchctl-print-gui-no-session__stderr-exit112.txt | error text | {"errorCode":"no_gui_session"}
launchctl-print-missing-service__stderr-exit113.txt | error text | {"errorCode":"service_missing"}
launchctl-print-service__m3-submitted-job.txt | launchctl print | {"serviceStatus the service":"pid 58309"}
lsof-i-listen__node-macmini.txt | lsof -i | {"listener localhost:18789":53376}
mactop-headless-json__m1ultra-128g.txt | mactop or gpustack | {"memoryBytes":137438953472,"chip":"Apple M1 Ultra","cpuCores":20,"gpuCores":64,"memoryBandwidthGbPerS":800,"gpuFp32Tflops":21.23}
memory_pressure-Q__16g-under-pressure.txt | memory_pressure | {"memoryFreePercent":40,"memoryBytes":17179869184}
memory_pressure__macmini-32g-88pct-free.txt | memory_pressure | {"pagesOf Pages free":652235,"memoryFreePercent":88,"memoryBytes":34359738368,"pagesOf Pages purgeable":23079}
mount__intel-macos10.15-facter.txt | mount | {"volumeOptions /":"apfs, local, read-only, journaled","volumeOptions /dev":"devfs, local, nobrowse","volumeOptions /System/Volumes/Data":"apfs, local, journaled, nobrowse","volumeOptions /private/var/vm":"apfs, local, journaled, nobrowse","volumeOptions /System/Volumes/Data/home":"autofs, automounted, nobrowse","volumeOptions /Volumes/VMware Shared Folders":"vmhgfs"}
mount__macbook-intel-macos10.14.6.txt | mount | {"volumeOptions /":"apfs, local, journaled","volumeOptions /dev":"devfs, local, nobrowse","volumeOptions /private/var/vm":"apfs, local, noexec, journaled, noatime, nobrowse","volumeOptions /net":"autofs, nosuid, automounted, nobrowse","volumeOptions /home":"autofs, automounted, nobrowse","volumeOptions /Volumes/Recovery":"apfs, local, journaled, nobrowse"}
netstat-i-d-l-b-n__ohai.txt | netstat -i | {"sentBytes en1":18228234970,"receivedBytes en1":2530556736,"receivedBytes en0":0,"sentPackets en0":0}
netstat-i__macbook-intel-macos10.14.6.txt | netstat -i | {"sentPackets en0":26448755,"receivedPackets lo0":1580150,"sentPackets lo0":1580150,"receivedPackets gif0":0}
netstat-ib__m4-16g-trimmed.txt | netstat -i | {"receivedBytes en0":500000,"sentPackets en0":900,"receivedPackets lo0":883011,"receivedBytes lo0":951953745}
netstat-rnl__macbook-intel-macos10.14.6.txt | netstat -rn | {"defaultInterface":"en0","defaultGateway":"192.168.1.254"}
networksetup-listallhardwareports__imac27-intel-macos10.14.6.txt | networksetup -listallhardwareports | {"linkKind en0":"ethernet","linkKind en1":"wifi","linkKind en4":"bluetooth","linkKind en2":"thunderbolt","linkKind en3":"thunderbolt","linkKind bridge0":"thunderbolt"}
networksetup-listallhardwareports__macstudio-or-mini-3tb.txt | networksetup -listallhardwareports | {"linkKind en0":"ethernet","linkKind en1":"wifi","linkKind en2":"thunderbolt","linkKind en3":"thunderbolt","linkKind en4":"thunderbolt"}
networksetup-listallhardwareports__mbp-m1pro-macos14.5.txt | networksetup -listallhardwareports | {"linkKind en0":"wifi","linkKind en8":"ethernet","linkKind en5":"ethernet","linkKind en6":"ethernet","linkKind en7":"ethernet","linkKind bridge0":"thunderbolt"}
networksetup-listnetworkserviceorder__macstudio-or-mini.txt | networksetup -listnetworkserviceorder | {"linkKind en0":"ethernet","serviceState Ethernet":"enabled, en0","serviceState Wi-Fi":"enabled, en1","linkKind en1":"wifi","serviceState EXO Thunderbolt 1":"enabled, en2","linkKind en2":"thunderbolt","serviceState EXO Thunderbolt 2":"enabled, en3","linkKind en3":"thunderbolt","serviceState EXO Thunderbolt 3":"disabled, en4","linkKind en4":"thunderbolt"}
nohup-cant-detach__stderr.txt | error text | {"errorCode":"cannot_detach"}
pmset-g-assertions__kernel-section-2026-08.txt | pmset -g assertions | {"assertionLevel BackgroundTask":0,"assertionLevel PreventUserIdleDisplaySleep":1,"assertionLevel PreventSystemSleep":0,"assertionLevel PreventUserIdleSystemSleep":1,"assertionBy 143 UserIsActive":"powerd","assertionBy 3627 PreventUserIdleDisplaySleep":"caffeinate","assertionBy 3627 PreventUserIdleSystemSleep":"caffeinate","assertionBy 500 PreventUserIdleSystemSleep":"Music","assertionBy 999 PreventUserIdleSystemSleep":"launcharr"}
pmset-g-assertions__laptop-amphetamine-caffeinate.txt | pmset -g assertions | {"assertionLevel BackgroundTask":0,"assertionLevel PreventUserIdleDisplaySleep":1,"assertionLevel PreventSystemSleep":0,"assertionLevel PreventUserIdleSystemSleep":1,"assertionBy 734 PreventUserIdleSystemSleep":"sharingd","assertionBy 446 UserIsActive":"WindowServer","assertionBy 389 PreventUserIdleSystemSleep":"powerd","assertionBy 451 PreventUserIdleSystemSleep":"runningboardd","assertionBy 1288 PreventUserIdleSystemSleep":"dasd","assertionBy 4446 PreventUserIdleSystemSleep":"Amphetamine","assertionBy 900 PreventSystemSleep":"caffeinate"}
pmset-g-batt__desktop-no-battery.txt | pmset -g batt | {"powerSource":"ac"}
pmset-g-batt__intel-charged-macos10.13.txt | pmset -g batt | {"powerSource":"ac","hasBattery":true,"batteryPercent":100,"batteryState":"charged","batteryMinutes":0}
pmset-g-batt__laptop-charging-93.txt | pmset -g batt | {"powerSource":"ac","hasBattery":true,"batteryPercent":93,"batteryState":"charging","batteryMinutes":24}
pmset-g-batt__laptop-discharging-95.txt | pmset -g batt | {"powerSource":"battery","hasBattery":true,"batteryPercent":95,"batteryState":"discharging","batteryMinutes":186}
pmset-g-batt__m2-laptop-ac-charged.txt | pmset -g batt | {"powerSource":"ac","hasBattery":true,"batteryPercent":100,"batteryState":"charged","batteryMinutes":0}
pmset-g-custom__apple-silicon-laptop.txt | pmset -g | {"powerSetting AC Power: sleep":0,"powerSetting Battery Power: sleep":1,"powerSetting AC Power: powermode":2,"powerSetting Battery Power: powermode":1,"powerSetting AC Power: womp":1}
pmset-g-sched__one-wake.txt | pmset -g sched | {"scheduledWake 0":"wake 2026-08-28 21:22:55"}
pmset-g-systemstate__m3max-dark-wake-capabilities.txt | pmset -g systemstate | {"systemCapabilities":["CPU","Audio","Network"],"isDisplayPowered":false}
pmset-g-therm__m2-laptop.txt | pmset -g therm | {"thermalLevel":"none","performanceLevel":"none","cpuSpeedLimitPercent":"none"}
pmset-g-thermlog__intel-throttled.txt | pmset -g therm | {"cpuSchedulerLimitPercent":40,"cpuAvailable":8,"cpuSpeedLimitPercent":28}
pmset-g__m3-sleep1-prevented-by.txt | pmset -g | {"powerSetting sleep":1,"powerSetting standby":1,"powerSetting Sleep On Power Button":1,"powerSetting powernap":1,"powerSetting networkoversleep":0}
powermetrics-gpu-busy-lines__m3ultra-macos26-root.txt | powermetrics | {"modelIdentifier":"Mac15,14","macosBuild":"25A123x","macosMajor":"26","gpuBusyPercent":100,"cpuPowerMw":8916,"gpuPowerMw":9462,"modelName":"Mac Studio (M3 Ultra, 2025)","formFactor":"desktop"}
powermetrics-no-root__stderr.txt | error text | {"errorCode":"needs_root"}
powermetrics__m5max-mac17,6-macos26-root.txt | powermetrics | {"modelIdentifier":"Mac17,6","macosBuild":"25E253","macosMajor":"26","gpuBusyPercent Sat Apr 25 10:34:37 2026 -0700":1.03,"cpuPowerMw Sat Apr 25 10:34:37 2026 -0700":164,"gpuPowerMw Sat Apr 25 10:34:37 2026 -0700":7,"gpuBusyPercent Sat Apr 25 10:34:38 2026 -0700":3.67,"cpuPowerMw Sat Apr 25 10:34:38 2026 -0700":406}
ps-A-M__m4-16g.txt | ps | {}
ps-aux-mlx-row__m3ultra-512g.txt | ps | {"processResidentBytes 62283":207821963264,"processCpuMs 62283":95690}
ps-axo-times__m4pro-trimmed.txt | ps | {"processParent 0":0,"processResidentBytes 0":29360128,"processCpuMs 0":74096780}
ps-axu__macbook-intel-macos10.14.6.txt | ps | {"processResidentBytes 1046":510758912,"processCpuMs 1046":473610,"processResidentBytes 556":112222208}
ps-pid-ppid-command__m3-caffeinate-reparented.txt | ps | {"processParent 7591":7584,"processParent 58309":1,"processParent 91053":12569}
route-n-get-default__facter.txt | route get | {"defaultGateway":"10.160.24.1","defaultInterface":"en0"}
route-n-get-default__ohai.txt | route get | {"defaultGateway":"10.20.10.1","defaultInterface":"en1"}
rsync-version__openrsync-macos15.4plus.txt | rsync --version | {"rsyncKind":"openrsync","rsyncVersion":"2.6.9"}
rsync-version__samba-2.6.9-before-15.4.txt | rsync --version | {"rsyncKind":"samba","rsyncVersion":"2.6.9"}
scutil-ConsoleUser__two-sessions-macos12.6-m1.txt | scutil | {"hasConsoleUser":true,"consoleUid":501}
sw_vers__macos13.3.1-rapid-security-response.txt | sw_vers | {"macosVersion":"13.3.1","macosExtra":"(a)","macosBuild":"22E772610a","macosMajor":"13","hostVerdict":"refused","refusal macos_too_old":true}
sw_vers__macos26.6.2-vm.txt | sw_vers | {"macosVersion":"26.6.2","macosBuild":"25G83","macosMajor":"26"}
sysctl-a__macbook-intel-macos10.14.6.txt | sysctl | {"cpuCores":4,"memoryBytes":17179869184,"chip":"Intel(R) Core(TM) i5-8279U CPU @ 2.40GHz","macosVersion":"10.14.6","macosBuild":"18G5033","macosMajor":"10.14","bootTimeMs":1592836479000,"swapTotalBytes":3221225472,"swapUsedBytes":2635595776,"loadAverage":[2.57,2.41,2.24],"hostVerdict":"refused","refusal intel_mac":true,"refusal macos_too_old":true}
sysctl-hw-machdep-kern__m1pro-macos14.4.1.txt | sysctl | {"cpuCores":10,"memoryBytes":34359738368,"modelIdentifier":"MacBookPro18,1","chip":"Apple M1 Pro","macosVersion":"14.4.1","macosBuild":"23E224","macosMajor":"14","chipFamily":"M1 Pro or M1 Max or M1 Ultra","bootTimeMs":1711644864000,"coreCounts":[8,2],"coreNames":["Performance","Efficiency"],"modelName":"MacBook Pro (16-inch, 2021)","formFactor":"laptop","memoryBandwidthGbPerS":200,"hostVerdict":"accepted"}
sysctl-hw-machdep__intel-i7-4980HQ-ohai.txt | sysctl | {"cpuCores":4,"memoryBytes":17179869184,"chip":"Intel(R) Core(TM) i7-4980HQ CPU @ 2.80GHz","hostVerdict":"refused","refusal intel_mac":true}
sysctl-hw-machdep__m1pro-8core-macos12.txt | sysctl | {"cpuCores":8,"memoryBytes":17179869184,"chip":"Apple M1 Pro","coreCounts":[6,2],"memoryBandwidthGbPerS":200}
sysctl-hw-machdep__m2-macos12.txt | sysctl | {"cpuCores":8,"memoryBytes":17179869184,"chip":"Apple M2","coreCounts":[4,4],"memoryBandwidthGbPerS":100}
sysctl-hw-machdep__m3max-macos15.txt | sysctl | {"cpuCores":14,"memoryBytes":38654705664,"chip":"Apple M3 Max","coreCounts":[10,4],"coreNames":["Performance","Efficiency"]}
sysctl-iogpu.wired_limit_mb__m2pro-default.txt | sysctl | {"gpuWiredLimitMb":0}
sysctl-iogpu__128g-raised-limit.txt | sysctl | {"gpuWiredLimitMb":118000}
sysctl-kern.boottime__m1.txt | sysctl | {"bootTimeMs":1606436959000}
sysctl-machdep-cpu__m1-macos11.txt | sysctl | {"cpuCores":8,"chip":"Apple M1","memoryBandwidthGbPerS":68}
sysctl-machdep-optional__m1-macos11.txt | sysctl | {"cpuCores":8,"macosMajor":"11","hostVerdict":"refused","refusal macos_too_old":true}
sysctl-machdep__intel-haswell-macos10.14.txt | sysctl | {"chip":"Intel(R) Core(TM) i7-4980HQ CPU @ 2.80GHz","hostVerdict":"refused","refusal intel_mac":true}
sysctl-machdep__intel-i7-6700k-macos10.14.txt | sysctl | {"chip":"Intel(R) Core(TM) i7-6700K CPU @ 4.00GHz","hostVerdict":"refused","refusal intel_mac":true}
sysctl-model-memsize__m2pro-mac14,12-32g.txt | sysctl | {"memoryBytes":34359738368,"modelIdentifier":"Mac14,12","modelName":"Mac mini (M2 Pro, 2023)","formFactor":"desktop"}
sysctl-n-memsize-brand__m3ultra-512g.txt | sysctl -n | {"memoryBytes":549755813888,"chip":"Apple M3 Ultra","memoryBandwidthGbPerS":819}
sysctl-subset__arm64-vm-macos26.6.2.txt | sysctl | {"memoryBytes":7516192768,"modelIdentifier":"VirtualMac2,1","chip":"Apple M1 (Virtual)","coreCounts":[3],"coreNames":["Standard"],"hostVerdict":"refused","refusal virtual_machine":true}
sysctl-vm.swapusage__16g-under-pressure.txt | sysctl | {"swapTotalBytes":24696061952,"swapUsedBytes":23480300995}
system_profiler-SPAirPort-json__macbook-macos26-6ghz-redacted.txt | system_profiler -json or -xml | {"linkKind en0":"wifi","isLinkActive en0":true,"wifiMbps en0":1152,"wifiChannel en0":"37 (6GHz, 160MHz)"}
system_profiler-SPDisplays-json__m1pro-14core-macos12-3displays.txt | system_profiler -json or -xml | {"chip":"Apple M1 Pro","gpuModel":"Apple M1 Pro","gpuCores":14,"metalSupport":"family apple7","displays":["3024 x 1964","1080 x 1920","1920 x 1080"],"memoryBandwidthGbPerS":200,"gpuFp32Tflops":4.64}
system_profiler-SPDisplays-json__m3pro-14core-metal3.txt | system_profiler -json or -xml | {"chip":"Apple M3 Pro","gpuModel":"Apple M3 Pro","gpuCores":14,"metalSupport":"Metal 3","memoryBandwidthGbPerS":150,"gpuFp32Tflops":4.95}
system_profiler-SPDisplays-json__paravirtual-intel-ci-vm-macos15.txt | system_profiler -json or -xml | {"gpuModel":"Apple Paravirtualized Graphics Device","metalSupport":"Metal 2","displays":["1920 x 1080"],"hostVerdict":"refused","refusal virtual_machine":true}
system_profiler-SPDisplays-text__m3pro-18core.txt | system_profiler | {"chip":"Apple M3 Pro","gpuModel":"Apple M3 Pro","gpuCores":18,"metalSupport":"Metal 4","memoryBandwidthGbPerS":150,"gpuFp32Tflops":6.36}
system_profiler-SPHardware-SPSoftware-text__mbp11,4-intel-macos10.15.2.txt | system_profiler | {"modelIdentifier":"MacBookPro11,4","chip":"Intel Core i7","cpuCores":4,"memoryBytes":17179869184,"macosVersion":"10.15.2","macosBuild":"19C57","hostVerdict":"refused","refusal intel_mac":true,"refusal macos_too_old":true}
system_profiler-SPHardware-json__arm64-vm-macos26.6.2.txt | system_profiler -json or -xml | {"modelIdentifier":"VirtualMac2,1","memoryBytes":7516192768,"chip":"Apple M1 (Virtual)","cpuCores":3,"hostVerdict":"refused","refusal virtual_machine":true}
system_profiler-SPHardware-json__intel-ci-vm-macos15.txt | system_profiler -json or -xml | {"modelIdentifier":"Macmini6,2","memoryBytes":15032385536,"cpuCores":4,"hostVerdict":"refused","refusal intel_mac":true}
system_profiler-SPHardware-json__m5max-mac17,6-128g-macos26.txt | system_profiler -json or -xml | {"modelIdentifier":"Mac17,6","memoryBytes":137438953472,"chip":"Apple M5 Max","cpuCores":18,"coreCounts":[6,12],"coreNames":["Super","Performance"],"modelName":"MacBook Pro (16-inch, M5 Max)","formFactor":"laptop"}
system_profiler-SPHardware-json__macbookair-m1-16g-macos12.txt | system_profiler -json or -xml | {"modelIdentifier":"MacBookAir10,1","memoryBytes":17179869184,"chip":"Apple M1","cpuCores":8,"coreCounts":[4,4],"coreNames":["Performance","Efficiency"],"modelName":"MacBook Air (M1, 2020)","formFactor":"laptop","memoryBandwidthGbPerS":68}
system_profiler-SPPower-json__no-battery-vm-macos26.6.2.txt | system_profiler -json or -xml | {"powerSetting AC Power: sleep":0,"powerSource":"ac","powerSetting AC Power: displaysleep":0,"powerSetting AC Power: disksleep":0,"hasBattery":false}
system_profiler-SPPowerDataType-xml__mbp11,1-intel-macos10.12.txt | system_profiler -json or -xml | {"powerSetting AC Power: sleep":1,"powerSetting Battery Power: sleep":1,"hasBattery":true,"isCharging":false,"isFullyCharged":true,"batteryPercent":100,"batteryCycles":201,"batteryHealth":"Good","powerSource":"ac","powerSetting AC Power: displaysleep":10,"powerSetting AC Power: disksleep":10,"powerSetting Battery Power: displaysleep":2,"powerSetting Battery Power: disksleep":10,"isExternalPower":true,"adapterWatts":85}
system_profiler-SPPowerDataType__charged.txt | system_profiler | {"hasBattery":true,"batteryCycles":125,"batteryHealth":"Normal","powerSource":"ac","isExternalPower":true,"adapterWatts":60,"batteryPercent":93}
system_profiler-SPPowerDataType__charging.txt | system_profiler | {"hasBattery":true,"batteryCycles":125,"batteryHealth":"Normal","powerSource":"ac","isExternalPower":true,"adapterWatts":60,"batteryPercent":93,"isCharging":true,"isFullyCharged":false}
system_profiler-SPStorage-json__apple-silicon-1tb-usb.txt | system_profiler -json or -xml | {"diskAvailableBytes /System/Volumes/Data":437436678144,"diskSizeBytes /System/Volumes/Data":994662584320,"diskSizeBytes /Volumes/USB_TM_1TB":999995129856,"diskAvailableBytes /Volumes/USB_TM_1TB":555120910336,"diskSizeBytes /":994662584320,"diskAvailableBytes /":437436678144}
system_profiler-SPThunderbolt-json__m3ultra-mac15,14-tb5-peer-and-drive.txt | system_profiler -json or -xml | {"thunderboltLink thunderboltusb4_bus_5":"nothing connected","thunderboltLink thunderboltusb4_bus_4":"nothing connected","thunderboltLink thunderboltusb4_bus_3":80,"thunderboltLink thunderboltusb4_bus_2":"nothing connected","thunderboltLink thunderboltusb4_bus_1":80,"thunderboltLink thunderboltusb4_bus_0":"nothing connected","thunderboltPeers":["Mac17,7"]}
system_profiler-full-text__macbookair-m1-macos11.2.3.txt | system_profiler | {"diskAvailableBytes /System/Volumes/Data":463117873152,"modelIdentifier":"MacBookAir10,1","chip":"Apple M1","cpuCores":8,"coreCounts":[4,4],"coreNames":["Performance","Efficiency"],"memoryBytes":17179869184,"hasBattery":true,"batteryPercent":100,"batteryCycles":1,"batteryHealth":"Normal","powerSource":"ac","isExternalPower":true,"adapterWatts":100,"macosVersion":"11.2.3","macosBuild":"20D91","refusal macos_too_old":true}
systemsetup-setremotelogin-no-fda__stderr.txt | error text | {"errorCode":"needs_full_disk_access"}
top-l1__macmini-32g.txt | top | {"loadAverage 2026/05/29 00:30:10":[1.99,1.87,1.79],"cpuBusyPercent 2026/05/29 00:30:10":23.27,"physicalMemoryUsedBytes 2026/05/29 00:30:10":20401094656,"processFootprintBytes 99571":11534336}
uname-v__m4pro-macos26.4.txt | uname -v | {"macosMajor":"26","chipFamily":"M4 Pro or M4 Max"}
uptime__macbook-intel-macos10.14.6.txt | uptime | {"uptimeMinutes":29985,"loadAverage":[1.63,0.65,0.44]}
uptime__macmini-32g-11days.txt | uptime | {"uptimeMinutes":16042,"loadAverage":[1.99,1.87,1.79]}
vm_stat__intel-4096-facter.txt | vm_stat | {"memoryAvailableBytes":14031169536,"memoryUsedBytes":21513781248,"pagesOf Pages free":1364873}
vm_stat__m1pro-macos14.4.1.txt | vm_stat | {"memoryAvailableBytes":6543384576,"memoryUsedBytes":24300650496,"pagesOf Pages free":6472}
vm_stat__m4-16g.txt | vm_stat | {"memoryAvailableBytes":2968305664,"memoryUsedBytes":12785975296,"pagesOf Pages free":32257}
vm_stat__macmini-32g.txt | vm_stat | {"memoryAvailableBytes":17435467776,"memoryUsedBytes":13896400896,"pagesOf Pages free":652276}
w__macbook-intel-macos10.14.6.txt | w | {"uptimeMinutes":29984,"loadAverage":[0.86,0.45,0.37]}
who__macbook-intel-macos10.14.6.txt | who | {}
`

export interface RecordedFacts {
  readonly file: string
  readonly command: string | null
  /** By name, or by name and what it is of. */
  readonly facts: Readonly<Record<string, unknown>>
}

export const RECORDED: readonly RecordedFacts[] = TABLE.trim()
  .split("\n")
  .map((line) => {
    const [file = "", command = "", facts = ""] = line.split(" | ")
    return { file, command: command === "-" ? null : command, facts: JSON.parse(facts) }
  })
