/* The lower floor: one send() per viewer and frame.
 *
 * Writes the frame to every socket; one that fails or takes only a part has its descriptor set to
 * -1. Returns how many took it whole. The sockets block. */
#include <sys/socket.h>

int send_all(int *fds, int count, const char *frame, size_t size) {
    int whole = 0;
    for (int i = 0; i < count; i++) {
        if (send(fds[i], frame, size, MSG_NOSIGNAL) == (ssize_t)size)
            whole++;
        else
            fds[i] = -1;
    }
    return whole;
}
