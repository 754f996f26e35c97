#Requires -Version 5.1
#Requires -RunAsAdministrator
<#
Takes keskidee's agent away. What waited for the collector stays in %ProgramData%\keskidee, unless -Everything is given.
#>
param([switch] $Everything)
$ErrorActionPreference = 'Stop'
$task = 'keskidee agent'
$programs = if ($env:ProgramW6432) { $env:ProgramW6432 } else { $env:ProgramFiles }
$program = Join-Path $programs 'keskidee'
$data = Join-Path $env:ProgramData 'keskidee'

# Disabled first, or its triggers start it again. It looks for the file each round and says goodbye; who is killed
# looks like a crash. The task's process is a launcher: what it began ends after it.
$stop = Join-Path $data 'agent\stop'
Get-ScheduledTask -TaskName $task -ErrorAction SilentlyContinue | Disable-ScheduledTask | Out-Null
if (Test-Path (Split-Path $stop -Parent)) { Set-Content -Path $stop -Value 'stop' -Encoding Ascii }
foreach ($attempt in 1..60) {
    $left = @(Get-CimInstance Win32_Process | Where-Object {
            ($_.Name -in 'keskidee.exe', 'python.exe') -and ($_.CommandLine -like "*$program\*") })
    if (-not $left) { break }
    if ($attempt -eq 40) { Get-ScheduledTask -TaskName $task -ErrorAction SilentlyContinue | Stop-ScheduledTask }
    if ($attempt -gt 40) { $left | ForEach-Object { Stop-Process -Id $_.ProcessId -Force -ErrorAction SilentlyContinue } }
    Start-Sleep -Milliseconds 500
}
Remove-Item $stop -ErrorAction SilentlyContinue
Get-ScheduledTask -TaskName $task -ErrorAction SilentlyContinue | Unregister-ScheduledTask -Confirm:$false
# What cannot be taken away is told, and ends the script with status 1.
if (Test-Path $program) { Remove-Item -Recurse -Force $program }
if ($Everything -and (Test-Path $data)) { Remove-Item -Recurse -Force $data }
