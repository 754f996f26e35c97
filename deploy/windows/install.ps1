#Requires -Version 5.1
#Requires -RunAsAdministrator
<#
Installs keskidee's agent on this machine, or another version of it, in an environment of its own, and joins it to a
collector. It runs as LOCAL SERVICE, a user without rights, from the start of the machine on. For an administrator:

  powershell -ExecutionPolicy Bypass -File install.ps1 -Collector https://collector.example.org:5375 -TokenFile join-token

-Package is what pip installs: a wheel on a share, say. With -Wheels pip takes that and its libraries from this folder
alone, and asks no index. A machine that is enrolled needs no -TokenFile. Where all is as it should be nothing is done,
so that a start script of a group policy may run this each time.
#>
param(
    [Parameter(Mandatory = $true)] [string] $Collector,
    [string] $TokenFile = '',
    [string] $Package = 'keskidee',
    [string] $Wheels = '',
    [string] $Python = 'py'
)
$ErrorActionPreference = 'Stop'
$task = 'keskidee agent'
# Programs that deploy start a PowerShell of 32 bits, which is told another folder for programs.
$programs = if ($env:ProgramW6432) { $env:ProgramW6432 } else { $env:ProgramFiles }
$program = Join-Path $programs 'keskidee'
$data = Join-Path $env:ProgramData 'keskidee'
$state = Join-Path $data 'agent'
$identity = Join-Path $state 'identity.json'
$log = Join-Path $data 'agent.log'
$inside = Join-Path $program 'Scripts\python.exe'
$keskidee = Join-Path $program 'Scripts\keskidee.exe'

function Invoke-Native {
    # What ends with another status than 0 ends this script.
    $command, $words = $args
    & $command @words
    if ($LASTEXITCODE -ne 0) { throw "$command ended with status $LASTEXITCODE" }
}

function Get-Task { Get-ScheduledTask -TaskName $task -ErrorAction SilentlyContinue }

function Stop-Agent {
    # Disabled first, or its triggers start it again. It looks for the file each round and says goodbye; who is killed
    # looks like a crash. The task's process is a launcher: what it began ends after it.
    $stop = Join-Path $data 'agent\stop'
    Get-Task | Disable-ScheduledTask | Out-Null
    if (Test-Path (Split-Path $stop -Parent)) { Set-Content -Path $stop -Value 'upgrade' -Encoding Ascii }
    foreach ($attempt in 1..60) {
        $left = @(Get-CimInstance Win32_Process | Where-Object {
                ($_.Name -in 'keskidee.exe', 'python.exe') -and ($_.CommandLine -like "*$program\*") })
        if (-not $left) {
            Remove-Item $stop -ErrorAction SilentlyContinue
            return
        }
        if ($attempt -eq 40) { Get-Task | Stop-ScheduledTask }
        if ($attempt -gt 40) { $left | ForEach-Object { Stop-Process -Id $_.ProcessId -Force -ErrorAction SilentlyContinue } }
        Start-Sleep -Milliseconds 500
    }
    throw "the agent does not end: processes $($left.ProcessId)"
}

$wanted = if ($Package -match 'keskidee-([^-\\/]+)-[^\\/]*\.whl$') { "keskidee $($Matches[1])" }
$has = if (Test-Path $keskidee) { & $keskidee --version }
if ($wanted -and ("$has" -eq $wanted) -and (Test-Path $identity) -and (Get-Task)) {
    Write-Output "$has is installed and enrolled"
    exit 0
}

$base, $version = Invoke-Native $Python -c 'import sys; assert sys.version_info >= (3, 11), sys.version; print(sys.base_prefix); print(sys.version)'
$private = (Split-Path $env:PUBLIC -Parent), $env:SystemRoot
if (($private | Where-Object { "$base".StartsWith("$_\", 'OrdinalIgnoreCase') }) -or ($base -like '*\WindowsApps\*')) {
    throw "$base is the Python of one user or of the Store, which LOCAL SERVICE may not read: install Python for all users"
}

$trusted = 'S-1-5-32-544', 'S-1-5-18', 'S-1-5-19'  # administrators, the system, LOCAL SERVICE: names are translated
if (Test-Path $data) {
    # Anybody may make a folder in ProgramData, and who owns one may always open it again.
    $owner = (Get-Acl $data).GetOwner([Security.Principal.SecurityIdentifier]).Value
    if ($trusted -notcontains $owner) { throw "$data was made by ${owner}: take it away first" }
}
# Nobody but administrators, the system and the agent reads the credential.
New-Item -ItemType Directory -Force $data | Out-Null
Invoke-Native icacls $data /inheritance:r /grant:r '*S-1-5-32-544:(OI)(CI)F' '*S-1-5-18:(OI)(CI)F' '*S-1-5-19:(OI)(CI)M' | Out-Null
$links = @(Get-ChildItem -Recurse -Force $data | Where-Object { $_.Attributes -band [IO.FileAttributes]::ReparsePoint })
if ($links) { throw "$($links[0].FullName) is a link: take it away first" }
# Made here, not by the enrolment: Python closes a folder of mode 0700 to all but its maker, an administrator, and the
# system. What is below has the rights of the folder above and no others, whoever made it.
New-Item -ItemType Directory -Force $state | Out-Null
Invoke-Native icacls (Join-Path $data '*') /setowner '*S-1-5-32-544' /T /C /Q | Out-Null
Invoke-Native icacls (Join-Path $data '*') /reset /T /C /Q | Out-Null

Stop-Agent
try {
    # An environment of another Python keeps libraries that this one cannot load.
    $before = if (Test-Path $inside) { & $inside -c 'import sys; print(sys.version)' }
    $clear = @(if ((Test-Path $inside) -and ("$before" -ne "$version")) { '--clear' })
    Invoke-Native $Python -m venv @clear $program
    $index = @(if ($Wheels) { '--no-index', '--find-links', $Wheels })
    Invoke-Native $inside -m pip install --quiet --no-input --disable-pip-version-check --upgrade @index $Package
    if ($TokenFile -and -not (Test-Path $identity)) { Invoke-Native $keskidee agent enrol $Collector --token-file $TokenFile }
} catch {
    # What ran before goes on, if it still can.
    Get-Task | Enable-ScheduledTask | Start-ScheduledTask
    throw
}

$settings = @{
    AllowStartIfOnBatteries = $true
    DontStopIfGoingOnBatteries = $true
    ExecutionTimeLimit = [TimeSpan]::Zero
    MultipleInstances = 'IgnoreNew'
    RestartCount = 255
    RestartInterval = New-TimeSpan -Minutes 1
    StartWhenAvailable = $true
    Priority = 7
}
# A program that ends by itself has not failed, as the scheduler sees it: so it is begun each five minutes unless it runs.
$triggers = @(
    New-ScheduledTaskTrigger -AtStartup
    New-ScheduledTaskTrigger -Once -At (Get-Date) -RepetitionInterval (New-TimeSpan -Minutes 5)
)
$registered = @{
    TaskName = $task
    Description = 'Reports the health and inventory of this machine.'
    Action = New-ScheduledTaskAction -Execute $keskidee -Argument "agent run --log `"$log`""
    Trigger = $triggers
    Principal = New-ScheduledTaskPrincipal -UserId 'S-1-5-19' -LogonType ServiceAccount
    Settings = New-ScheduledTaskSettingsSet @settings
}
Register-ScheduledTask @registered -Force | Out-Null
Start-ScheduledTask -TaskName $task
Write-Output "The agent runs as the task '$task'; what it has to say is in $log. How it stands: & '$keskidee' agent doctor"
