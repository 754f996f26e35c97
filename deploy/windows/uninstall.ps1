<#
Takes keskidee's agent away. What waited for the collector stays in %ProgramData%\keskidee, unless -Everything is given.
#>
param([switch] $Everything)
$ErrorActionPreference = 'Stop'
$task = 'keskidee agent'
Stop-ScheduledTask -TaskName $task -ErrorAction SilentlyContinue
Unregister-ScheduledTask -TaskName $task -Confirm:$false -ErrorAction SilentlyContinue
Remove-Item -Recurse -Force (Join-Path $env:ProgramFiles 'keskidee') -ErrorAction SilentlyContinue
if ($Everything) { Remove-Item -Recurse -Force (Join-Path $env:ProgramData 'keskidee') -ErrorAction SilentlyContinue }
