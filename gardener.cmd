@echo off
rem ModelGardener: opens the window, or runs a command.
rem
rem   gardener                open the window
rem   gardener train x.yaml   a command; gardener --help lists them
rem   gardener test           run every check; what follows goes to pytest
rem
rem The first start sets up its own environment in .venv beside this file, which takes a few minutes.
rem   GARDENER_PYTHON   the Python to use (3.11 to 3.13); else the first that fits
rem   GARDENER_EXTRAS   one extra group to install
setlocal EnableExtensions DisableDelayedExpansion
set "root=%~dp0"
set "root=%root:~0,-1%"
set "private=%root%\.gardener"
set "python=%root%\.venv\Scripts\python.exe"
set "log=%private%\setup.log"
set "needed=run"
if /i "%~1"=="test" set "needed=dev"

call :is_current || call :set_up || exit /b 1

if /i not "%~1"=="test" goto start
rem %* still holds "test": take it off, keeping the quotes of the rest.
set "arguments=%*"
set "arguments=%arguments:~4%"
"%python%" "%root%\scripts\run_checks.py" %arguments%
exit /b %errorlevel%

:start
"%python%" "%root%\main.py" %*
exit /b %errorlevel%

:is_current
rem The environment stands for the lock and project files it was made from, kept beside the stamp.
if not exist "%python%" exit /b 1
if not exist "%private%\stamp.%needed%" exit /b 1
fc /b "%root%\uv.lock" "%private%\uv.lock" >nul 2>&1 || exit /b 1
fc /b "%root%\pyproject.toml" "%private%\pyproject.toml" >nul 2>&1 || exit /b 1
exit /b 0

:set_up
if not exist "%private%" mkdir "%private%" || (echo gardener: cannot write in %root%. 1>&2 & exit /b 1)
set "waited=0"
:lock
mkdir "%private%\lock" 2>nul && goto locked
if "%waited%"=="0" echo Another start is setting up; waiting for it. If none is, delete "%private%\lock". 1>&2
set "waited=1"
timeout /t 1 /nobreak >nul 2>&1 || ping -n 2 127.0.0.1 >nul
goto lock
:locked
call :is_current && (rmdir "%private%\lock" & exit /b 0)
if exist "%private%\stamp.dev" set "needed=dev"
type nul >"%log%"
call :find_python
call :find_uv || (rmdir "%private%\lock" & exit /b 1)
set "options="
if "%needed%"=="run" set "options=--no-dev"
if defined GARDENER_EXTRAS set "options=%options% --extra %GARDENER_EXTRAS%"
if defined base_python set "options=%options% --python "%base_python%""
set "VIRTUAL_ENV="
set "UV_PYTHON="
set "UV_PROJECT_ENVIRONMENT=%root%\.venv"
del "%private%\stamp.run" "%private%\stamp.dev" 2>nul
echo Setting up ModelGardener; the first time this takes a few minutes ... 1>&2
"%uv%" sync --frozen --inexact --project "%root%" %options% >>"%log%" 2>&1
if errorlevel 1 (
    type "%log%" 1>&2
    echo gardener: the environment could not be set up. If the package registry could not be reached, check the 1>&2
    echo internet connection ^(and HTTPS_PROXY behind a proxy^), then start again. The output is in "%log%" 1>&2
    rmdir "%private%\lock"
    exit /b 1
)
copy /y "%root%\uv.lock" "%private%\uv.lock" >nul
copy /y "%root%\pyproject.toml" "%private%\pyproject.toml" >nul
type nul >"%private%\stamp.run"
if "%needed%"=="dev" type nul >"%private%\stamp.dev"
rmdir "%private%\lock"
exit /b 0

:find_python
rem Sets base_python to the path of a Python that fits, or leaves it empty: uv then brings one.
set "base_python="
if defined GARDENER_PYTHON (
    call :ask "%GARDENER_PYTHON%"
    exit /b 0
)
for %%v in (3.13 3.12 3.11) do if not defined base_python call :ask py -%%v
if not defined base_python call :ask python
if not defined base_python call :ask python3
exit /b 0

:ask
for /f "usebackq delims=" %%p in (`%* -c "import sys; (3, 11) <= sys.version_info[:2] <= (3, 13) and print(sys.executable)" 2^>nul`) do set "base_python=%%p"
exit /b 0

:find_uv
for /f "delims=" %%u in ('where uv 2^>nul') do (set "uv=%%u" & exit /b 0)
set "uv=%private%\uv\bin\uv.exe"
if exist "%uv%" exit /b 0
if not defined base_python (
    echo gardener: found no Python 3.11 to 3.13. Install one from https://www.python.org/, or uv from https://docs.astral.sh/uv/. 1>&2
    exit /b 1
)
echo Bringing the package installer ^(uv^) ... 1>&2
set "PIP_USER=0"
"%base_python%" -m pip install --disable-pip-version-check --retries 2 --upgrade --target "%private%\uv" "uv>=0.5" >>"%log%" 2>&1 && exit /b 0
type "%log%" 1>&2
echo gardener: uv could not be installed. Check the internet connection, then start again. 1>&2
exit /b 1
