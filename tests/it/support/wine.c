/* Parts of Windows that wine 8 lacks. `.ci/windows` builds this as a missing library that every Rust program loads:

   - ProcessPrng, the standard library's source of random numbers. wine has it only under another name.

   - A console that acts on escape sequences. wine's console accepts their mode, but shows them as characters. This
     redirects a program's calls of WriteConsoleW to a function that acts on the two kinds that intunectl writes:
     colours, and erasing the rest of the line. Others are shown; without that mode, all are, as on Windows.

   - A console that is older than that mode: if INTUNECTL_TEST_OLD_CONSOLE is set, the mode is rejected. */
#include <windows.h>

BOOLEAN NTAPI SystemFunction036(PVOID, ULONG);

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T count) { return SystemFunction036(data, (ULONG)count); }

/* The tests need only a colour that differs from that at the start. */
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

/* Redirects an imported function of the program to another function. */
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
