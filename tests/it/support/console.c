/* A Windows console for the tests: it starts a program in the console, types, and reads the screen. It is written in C,
   because Rust needs unsafe code for the functions of a console.

     console PORT STREAMS COLUMNS PROGRAM [ARGUMENT…]

   starts the program. STREAMS has one character each for its standard input, output and error: "c" for the console, "-"
   for the stream of this process. Start this process with CREATE_NO_WINDOW, which gives it an invisible console of its
   own. It connects to the port and obeys these commands, one per line:

     type 0079 000d    types UTF-16 code units, 4096 at most
     event 0           sends an event to all its processes (0 Ctrl-C, 1 Ctrl-Break, 2 close, 5 logoff, 6 shutdown)
     screen            answers a line with the number of bytes, and then these bytes: the rows of the screen in UTF-8,
                       each up to its last used cell and followed by "\n". The row of the cursor ends at the cursor
                       without "\n". A full row has no "\n" either, because it continues in the next one
     colours           the same with "#" for each cell whose colours differ from those at the start, "." for the others
     escapes           answers "yes" if the program has enabled escape sequences on the console, else "no"
     state             answers "running", or "ended" and the exit code

   It ends the program and itself when the connection is closed.

     console event PROCESS EVENT

   sends an event to any process, or kills it if EVENT is "kill". */
#include <winsock2.h>
#include <windows.h>
#include <stdio.h>

enum { LINES = 2000 };

static SOCKET test;
static HANDLE input, output, child;
static WORD colours;

static void send_all(const char *bytes, int count) {
    while (count > 0) {
        int sent = send(test, bytes, count, 0);
        if (sent <= 0) return;
        bytes += sent;
        count -= sent;
    }
}

static void answer(const char *line) { send_all(line, (int)strlen(line)); }

/* The failure is also the next answer. */
static void fail(const char *what) {
    char text[200];
    snprintf(text, sizeof text, "console: %s: error %lu\n", what, GetLastError());
    if (test) answer(text);
    fputs(text, stderr);
    fflush(stderr);
    ExitProcess(125);
}

/* Runs the program's own handlers in a new thread of it, as the system does. GenerateConsoleCtrlEvent can send only two
   of the events. */
static BOOL call_handlers(HANDLE process, DWORD event) {
    FARPROC routine = GetProcAddress(GetModuleHandleA("kernelbase.dll"), "CtrlRoutine");
    if (!routine) routine = GetProcAddress(GetModuleHandleA("kernel32.dll"), "CtrlRoutine");
    if (!routine) return FALSE;
    HANDLE thread =
        CreateRemoteThread(process, NULL, 0, (LPTHREAD_START_ROUTINE)(void *)routine, (void *)(ULONG_PTR)event, 0, NULL);
    if (!thread) return FALSE;
    CloseHandle(thread);
    return TRUE;
}

/* Sends an event to all processes of the console, and returns whether any received it. (wine 8 cannot generate
   Ctrl-Break.) */
static BOOL send_event(DWORD event) {
    if (event == CTRL_C_EVENT) return GenerateConsoleCtrlEvent(event, 0);
    DWORD processes[64];
    DWORD count = GetConsoleProcessList(processes, 64);
    BOOL is_sent = FALSE;
    for (DWORD i = 0; i < count && i < 64; i++) {
        if (processes[i] == GetCurrentProcessId()) continue;
        HANDLE process = OpenProcess(PROCESS_ALL_ACCESS, FALSE, processes[i]);
        /* It may have ended. */
        if (!process) continue;
        if (call_handlers(process, event)) is_sent = TRUE;
        CloseHandle(process);
    }
    return is_sent;
}

/* This process must survive the events that it sends. (Ignoring Ctrl-C instead would be inherited by the program.) */
static BOOL WINAPI outlive(DWORD event) {
    (void)event;
    return TRUE;
}

/* Types everything at once, so that the program cannot discard a part as typed ahead. */
static void type(char *units) {
    static INPUT_RECORD records[2 * 4096];
    DWORD count = 0, written;
    for (char *unit = strtok(units, " "); unit && count < 2 * 4096; unit = strtok(NULL, " ")) {
        WCHAR key = (WCHAR)strtoul(unit, NULL, 16);
        for (int i = 0; i < 2; i++) {
            INPUT_RECORD record = {.EventType = KEY_EVENT};
            KEY_EVENT_RECORD *event = &record.Event.KeyEvent;
            event->bKeyDown = i == 0;
            event->wRepeatCount = 1;
            event->uChar.UnicodeChar = key;
            event->wVirtualKeyCode = key == '\r' ? VK_RETURN : key == '\b' ? VK_BACK : 0;
            if (key == 0x1a) {
                event->wVirtualKeyCode = 'Z';
                event->dwControlKeyState = LEFT_CTRL_PRESSED;
            }
            records[count++] = record;
        }
    }
    if (!WriteConsoleInputW(input, records, count, &written)) fail("WriteConsoleInput");
}

static BOOL is_unused(CHAR_INFO cell) {
    return (cell.Char.UnicodeChar == ' ' || !cell.Char.UnicodeChar) && cell.Attributes == colours;
}

/* The screen, or its colours. */
static void show(BOOL is_text) {
    CONSOLE_SCREEN_BUFFER_INFO info;
    if (!GetConsoleScreenBufferInfo(output, &info)) fail("GetConsoleScreenBufferInfo");
    int width = info.dwSize.X, height = info.dwCursorPosition.Y + 1;
    CHAR_INFO *row = malloc(sizeof *row * width);
    char *text = malloc((size_t)(width * 4 + 1) * height + 1);
    int count = 0;
    for (int y = 0; y < height; y++) {
        SMALL_RECT place = {0, y, width - 1, y};
        COORD size = {width, 1}, start = {0, 0};
        if (!ReadConsoleOutputW(output, row, size, start, &place)) fail("ReadConsoleOutput");
        int used = width;
        while (used > 0 && is_unused(row[used - 1])) used--;
        if (y == height - 1 && used < info.dwCursorPosition.X) used = info.dwCursorPosition.X;
        for (int x = 0; x < used; x++) {
            if (!is_text) {
                text[count++] = (row[x].Attributes & 0xff) == colours ? '.' : '#';
                continue;
            }
            /* A wide character occupies two cells. */
            if (row[x].Attributes & COMMON_LVB_TRAILING_BYTE) continue;
            WCHAR units[2] = {row[x].Char.UnicodeChar ? row[x].Char.UnicodeChar : ' ', 0};
            int length = 1;
            if (units[0] >= 0xd800 && units[0] < 0xdc00 && x + 1 < used) {
                units[length++] = row[++x].Char.UnicodeChar;
            }
            count += WideCharToMultiByte(CP_UTF8, 0, units, length, text + count, 8, NULL, NULL);
        }
        /* A full row continues in the next one. */
        if (y < height - 1 && used < width) text[count++] = '\n';
    }
    char head[32];
    snprintf(head, sizeof head, "%d\n", count);
    answer(head);
    send_all(text, count);
    free(text);
    free(row);
}

static void obey(char *line) {
    if (!strncmp(line, "type ", 5)) {
        type(line + 5);
        answer("ok\n");
    } else if (!strncmp(line, "event ", 6)) {
        answer(send_event(strtoul(line + 6, NULL, 10)) ? "ok\n" : "failed\n");
    } else if (!strcmp(line, "screen")) {
        show(TRUE);
    } else if (!strcmp(line, "colours")) {
        show(FALSE);
    } else if (!strcmp(line, "escapes")) {
        DWORD mode = 0;
        GetConsoleMode(output, &mode);
        answer(mode & ENABLE_VIRTUAL_TERMINAL_PROCESSING ? "yes\n" : "no\n");
    } else if (!strcmp(line, "state")) {
        char state[32] = "running\n";
        DWORD code;
        if (WaitForSingleObject(child, 0) == WAIT_OBJECT_0 && GetExitCodeProcess(child, &code)) {
            snprintf(state, sizeof state, "ended %lu\n", code);
        }
        answer(state);
    } else {
        answer("unknown\n");
    }
}

/* The rest of a command line after so many words, unchanged. */
static WCHAR *behind(WCHAR *line, int words) {
    for (; words > 0; words--) {
        BOOL quoted = FALSE;
        for (; *line && (quoted || *line != ' '); line++) {
            if (*line == '"') quoted = !quoted;
        }
        while (*line == ' ') line++;
    }
    return line;
}

static void start(const char *streams, int columns) {
    SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
    DWORD access = GENERIC_READ | GENERIC_WRITE, share = FILE_SHARE_READ | FILE_SHARE_WRITE;
    input = CreateFileA("CONIN$", access, share, &inherited, OPEN_EXISTING, 0, NULL);
    output = CreateFileA("CONOUT$", access, share, &inherited, OPEN_EXISTING, 0, NULL);
    if (input == INVALID_HANDLE_VALUE || output == INVALID_HANDLE_VALUE) fail("no console");
    /* The window may never be larger than the buffer. */
    SMALL_RECT least = {0, 0, 0, 0}, window = {0, 0, columns - 1, 23};
    COORD size = {columns, LINES};
    SetConsoleWindowInfo(output, TRUE, &least);
    if (!SetConsoleScreenBufferSize(output, size)) fail("SetConsoleScreenBufferSize");
    if (!SetConsoleWindowInfo(output, TRUE, &window)) fail("SetConsoleWindowInfo");
    CONSOLE_SCREEN_BUFFER_INFO info;
    if (!GetConsoleScreenBufferInfo(output, &info)) fail("GetConsoleScreenBufferInfo");
    colours = info.wAttributes;
    /* As in the Americas. It garbles UTF-8 that is written as bytes. */
    if (!SetConsoleOutputCP(437)) fail("SetConsoleOutputCP");

    DWORD names[] = {STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, STD_ERROR_HANDLE};
    HANDLE handles[3];
    for (int i = 0; i < 3; i++) {
        handles[i] = streams[i] == 'c' ? (i == 0 ? input : output) : GetStdHandle(names[i]);
    }
    STARTUPINFOW startup = {.cb = sizeof startup, .dwFlags = STARTF_USESTDHANDLES};
    startup.hStdInput = handles[0];
    startup.hStdOutput = handles[1];
    startup.hStdError = handles[2];
    PROCESS_INFORMATION process;
    WCHAR *command = behind(GetCommandLineW(), 4);
    if (!CreateProcessW(NULL, command, NULL, NULL, TRUE, CREATE_SUSPENDED, NULL, NULL, &startup, &process)) {
        fail("CreateProcess");
    }
    /* The processes that it starts end with this process, too. */
    HANDLE job = CreateJobObjectA(NULL, NULL);
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limit = {0};
    limit.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
    SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limit, sizeof limit);
    if (!AssignProcessToJobObject(job, process.hProcess)) fail("AssignProcessToJobObject");
    ResumeThread(process.hThread);
    child = process.hProcess;
    /* The test reads a pipe to its end. That comes only if no process but the program has the pipe open. */
    for (int i = 0; i < 3; i++) {
        if (streams[i] != 'c') CloseHandle(handles[i]);
    }
}

static void serve(int port) {
    WSADATA data;
    WSAStartup(MAKEWORD(2, 2), &data);
    test = WSASocketW(AF_INET, SOCK_STREAM, 0, NULL, 0, WSA_FLAG_OVERLAPPED);
    SetHandleInformation((HANDLE)test, HANDLE_FLAG_INHERIT, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(test, (struct sockaddr *)&address, sizeof address)) fail("connect");
    BOOL yes = TRUE;
    setsockopt(test, IPPROTO_TCP, TCP_NODELAY, (char *)&yes, sizeof yes);
}

int main(int count, char **arguments) {
    if (count == 4 && !strcmp(arguments[1], "event")) {
        DWORD id = strtoul(arguments[2], NULL, 10);
        HANDLE process = OpenProcess(PROCESS_ALL_ACCESS, FALSE, id);
        if (!process) fail("OpenProcess");
        if (!strcmp(arguments[3], "kill")) return !TerminateProcess(process, 137);
        if (!call_handlers(process, strtoul(arguments[3], NULL, 10))) fail("CtrlRoutine");
        return 0;
    }
    if (count < 5 || strlen(arguments[2]) != 3) fail("arguments");
    SetConsoleCtrlHandler(outlive, TRUE);
    serve(atoi(arguments[1]));
    start(arguments[2], atoi(arguments[3]));
    static char line[65536];
    int length = 0;
    for (;;) {
        int got = recv(test, line + length, (int)sizeof line - length - 1, 0);
        if (got <= 0) break;
        length += got;
        line[length] = 0;
        for (char *end; (end = strchr(line, '\n'));) {
            *end = 0;
            obey(line);
            length -= (int)(end + 1 - line);
            memmove(line, end + 1, length + 1);
        }
    }
    /* Ends the job, and the program with it. */
    return 0;
}
