from struct import Struct

boolean: Struct
uint8: Struct
uint16: Struct
uint32: Struct
uint64: Struct
int8: Struct
int16: Struct
int32: Struct
int64: Struct
float32: Struct
float64: Struct
uoffset: Struct
soffset: Struct
voffset: Struct
