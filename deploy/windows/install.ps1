<#
Installs keskidee's agent on this machine, or another version of it, in an environment of its own, and joins it to a
collector. It runs as LOCAL SERVICE, a user without rights, from the start of the machine on. For an administrator:

  powershell -ExecutionPolicy Bypass -File install.ps1 -Collector https://collector.example.org:5375 -TokenFile join-token

-Package is what pip installs: a wheel on a share, say. A machine that is enrolled needs no -TokenFile.
#>
param(
    [Parameter(Mandatory = $true)] [string] $Collector,
    [string] $TokenFile = '',
    [string] $Package = 'keskidee',
    [string] $Python = 'py'
)
$ErrorActionPreference = 'Stop'
$task = 'keskidee agent'
$program = Join-Path $env:ProgramFiles 'keskidee'
$data = Join-Path $env:ProgramData 'keskidee'
$keskidee = Join-Path $program 'Scripts\keskidee.exe'

function Invoke-Native {
    # What ends with another status than 0 ends this script.
    $command, $words = $args
    & $command @words
    if ($LASTEXITCODE -ne 0) { throw "$command ended with status $LASTEXITCODE" }
}

$base = Invoke-Native $Python -c 'import sys; assert sys.version_info >= (3, 11), sys.version; print(sys.base_prefix)'
if ("$base".StartsWith((Split-Path $env:PUBLIC -Parent), 'OrdinalIgnoreCase')) {
    throw "$base is the Python of one user, which LOCAL SERVICE may not read: install Python for all users"
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

Stop-ScheduledTask -TaskName $task -ErrorAction SilentlyContinue
Invoke-Native $Python -m venv $program
Invoke-Native (Join-Path $program 'Scripts\python.exe') -m pip install --quiet --upgrade $Package
if ($TokenFile) { Invoke-Native $keskidee agent enrol $Collector --token-file $TokenFile }

$settings = @{
    AllowStartIfOnBatteries = $true
    DontStopIfGoingOnBatteries = $true
    ExecutionTimeLimit = [TimeSpan]::Zero
    RestartCount = 999
    RestartInterval = New-TimeSpan -Minutes 1
    Priority = 7
}
$registered = @{
    TaskName = $task
    Description = 'Reports the health and inventory of this machine.'
    Action = New-ScheduledTaskAction -Execute $keskidee -Argument 'agent run'
    Trigger = New-ScheduledTaskTrigger -AtStartup
    Principal = New-ScheduledTaskPrincipal -UserId 'S-1-5-19' -LogonType ServiceAccount
    Settings = New-ScheduledTaskSettingsSet @settings
}
Register-ScheduledTask @registered -Force | Out-Null
Start-ScheduledTask -TaskName $task
Write-Output "The agent runs as the task '$task'. How it stands: & '$keskidee' agent doctor"
