/* What wine 8 lacks of Windows: `.ci/windows` builds it as the library that it lacks, which every Rust program loads.

   The standard library's source of random numbers, which wine has under another name only.

   And a console that acts on escape sequences: wine's accepts the mode for them, but shows them as characters. Here a
   program's calls of WriteConsoleW are led to a function that acts on the two kinds that intunectl writes: a colour,
   and to erase the rest of the line. All others are shown, and so are these without that mode, as on Windows.

   And one that is older than that mode: with INTUNECTL_TEST_OLD_CONSOLE it is refused. */
#include <windows.h>

BOOLEAN NTAPI SystemFunction036(PVOID, ULONG);

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T count) { return SystemFunction036(data, (ULONG)count); }

/* Which colours there are does not matter to the tests, but that they differ from those of the start. */
enum { PLAIN = FOREGROUND_RED | FOREGROUND_GREEN | FOREGROUND_BLUE, COLOURED = FOREGROUND_GREEN };

static void act(HANDLE console, WCHAR kind, BOOL has_colour) {
    CONSOLE_SCREEN_BUFFER_INFO info;
    DWORD done;
    if (kind == 'm') SetConsoleTextAttribute(console, has_colour ? COLOURED : PLAIN);
    if (kind == 'K' && GetConsoleScreenBufferInfo(console, &info)) {
        DWORD rest = info.dwSize.X - info.dwCursorPosition.X;
        FillConsoleOutputCharacterW(console, ' ', rest, info.dwCursorPosition, &done);
        FillConsoleOutputAttribute(console, info.wAttributes, rest, info.dwCursorPosition, &done);
    }
}

static BOOL WINAPI write_console(HANDLE console, const VOID *text, DWORD count, DWORD *written, VOID *reserved) {
    DWORD mode, done;
    if (!GetConsoleMode(console, &mode) || !(mode & ENABLE_VIRTUAL_TERMINAL_PROCESSING)) {
        return WriteConsoleW(console, text, count, written, reserved);
    }
    const WCHAR *at = text, *end = at + count;
    while (at < end) {
        const WCHAR *start = at;
        while (at < end && *at != 0x1b) at++;
        if (at > start && !WriteConsoleW(console, start, (DWORD)(at - start), &done, NULL)) return FALSE;
        if (at == end) break;
        BOOL has_colour = FALSE;
        const WCHAR *kind = at + 2;
        for (; kind < end && ((*kind >= '0' && *kind <= '9') || *kind == ';'); kind++) has_colour |= *kind != '0';
        if (kind < end && at[1] == '[' && (*kind == 'm' || *kind == 'K')) {
            act(console, *kind, has_colour);
            at = kind + 1;
        } else if (!WriteConsoleW(console, at++, 1, &done, NULL)) {
            return FALSE;
        }
    }
    *written = count;
    return TRUE;
}

static BOOL WINAPI set_mode(HANDLE console, DWORD mode) {
    if ((mode & ENABLE_VIRTUAL_TERMINAL_PROCESSING) && GetEnvironmentVariableA("INTUNECTL_TEST_OLD_CONSOLE", NULL, 0)) {
        SetLastError(ERROR_INVALID_PARAMETER);
        return FALSE;
    }
    return SetConsoleMode(console, mode);
}

/* Leads what the program imports under a name to another function. */
static void patch(BYTE *program, const char *name, FARPROC own) {
    IMAGE_NT_HEADERS *headers = (void *)(program + ((IMAGE_DOS_HEADER *)program)->e_lfanew);
    IMAGE_IMPORT_DESCRIPTOR *library =
        (void *)(program + headers->OptionalHeader.DataDirectory[IMAGE_DIRECTORY_ENTRY_IMPORT].VirtualAddress);
    FARPROC theirs = GetProcAddress(GetModuleHandleA("kernel32.dll"), name);
    for (; library->Name; library++) {
        for (FARPROC *function = (void *)(program + library->FirstThunk); *function; function++) {
            DWORD protection;
            if (*function != theirs) continue;
            VirtualProtect(function, sizeof *function, PAGE_READWRITE, &protection);
            *function = own;
            VirtualProtect(function, sizeof *function, protection, &protection);
        }
    }
}

BOOL WINAPI DllMain(HINSTANCE library, DWORD reason, VOID *reserved) {
    (void)library, (void)reserved;
    if (reason == DLL_PROCESS_ATTACH) {
        BYTE *program = (BYTE *)GetModuleHandleA(NULL);
        patch(program, "WriteConsoleW", (FARPROC)(void *)write_console);
        patch(program, "SetConsoleMode", (FARPROC)(void *)set_mode);
    }
    return TRUE;
}
