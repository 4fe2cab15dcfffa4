// Runs @title@ on zeros, and prints what it answers and how long that takes.

#include <@name@.h>

alignas(@upper@_ARENA_ALIGNMENT) static uint8_t arena[@upper@_ARENA_LEN];
@buffers@

void setup() {
    Serial.begin(115200);
@reset@
}

void loop() {
    const unsigned long start = micros();
    const int status = @name@_run(@arguments@, arena);
    const unsigned long took = micros() - start;
    Serial.println(@upper@_STRERROR(status));
@prints@
    Serial.print(took);
    Serial.println(" us");
    delay(1000);
}
